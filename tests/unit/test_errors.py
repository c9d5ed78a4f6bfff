"""Errors: the two sentences, and the exit codes that scripts rely on."""

from __future__ import annotations

import pytest

from pipeline.cli.app import main
from pipeline.errors import ConfigError, InputError, JobError, PipelineError, UnavailableError


def test_message_and_hint_make_one_text() -> None:
    assert str(PipelineError("It broke.", "Mend it.")) == "It broke. Mend it."
    assert str(PipelineError("It broke.")) == "It broke."


def test_exit_codes_are_stable() -> None:
    kinds = (PipelineError, ConfigError, UnavailableError, JobError, InputError)
    assert [kind.exit_code for kind in kinds] == [1, 2, 3, 4, 5]


def test_another_error_of_a_query_is_not_hidden() -> None:
    def fail() -> None:
        """Fail."""
        raise RuntimeError("a fault of ours")

    with pytest.raises(RuntimeError, match="a fault of ours"):
        main(["fail"], more=[fail])
