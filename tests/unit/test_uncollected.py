"""The collector rests in between, and is afterwards as it was before."""

from __future__ import annotations

import gc

import pytest

from pipeline.cli.uncollected import uncollected


def test_the_collector_rests_meanwhile() -> None:
    assert gc.isenabled()
    with pytest.raises(KeyError), uncollected():
        assert not gc.isenabled()
        with uncollected():
            pass
        assert not gc.isenabled()
        raise KeyError
    assert gc.isenabled()
