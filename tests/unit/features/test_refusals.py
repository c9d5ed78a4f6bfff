"""What Flink would refuse, said in one sentence before it is asked.

That Flink does refuse it, and takes what is not refused here, is held by
`tests/e2e/test_own_features.py`.
"""

from __future__ import annotations

import pytest

from pipeline.features import BUILT_IN
from pipeline.flink.refusals import refusal
from pipeline.stack import feature_files
from tests import streams

from ...refused import REFUSED, as_feature

OWN = streams.FOLDER / "own_features.py"


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    expression, said = REFUSED[name]
    found = refusal(as_feature(name, expression))
    assert found is not None
    assert said in found[0]
    assert found[1].endswith(".")


def test_what_people_write_is_accepted() -> None:
    assert len(feature_files.load([OWN])) == len(BUILT_IN) + 7


def test_built_in_features_are_accepted() -> None:
    assert [refusal(feature) for feature in BUILT_IN] == [None] * len(BUILT_IN)
