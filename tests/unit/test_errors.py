"""Errors: the two sentences, and the exit codes that scripts rely on."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import duckdb
import pytest

from pipeline.cli.app import INTERRUPTED, main
from pipeline.errors import ConfigError, InputError, JobError, PipelineError, UnavailableError


def test_message_and_hint_make_one_text() -> None:
    assert str(PipelineError("It broke.", "Mend it.")) == "It broke. Mend it."
    assert str(PipelineError("It broke.")) == "It broke."


def test_exit_codes_are_stable() -> None:
    kinds = (PipelineError, ConfigError, UnavailableError, JobError, InputError)
    assert [kind.exit_code for kind in kinds] == [1, 2, 3, 4, 5]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Also where the signal is ignored, as in a shell's background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_a_command_in_silence_also_amid_a_query(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def count() -> None:
        """Count for hours."""
        interrupt = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        interrupt.start()
        duckdb.sql("SELECT count(*) FROM range(1000000000000) a, range(1000) b").fetchall()

    def wait() -> None:
        """Be interrupted outside of a query."""
        raise KeyboardInterrupt

    assert main(["count"], more=[count]) == INTERRUPTED
    assert main(["wait"], more=[wait]) == INTERRUPTED
    assert capfd.readouterr() == ("", "")


def test_another_error_of_a_query_is_not_hidden() -> None:
    def fail() -> None:
        """Fail."""
        raise RuntimeError("a fault of ours")

    with pytest.raises(RuntimeError, match="a fault of ours"):
        main(["fail"], more=[fail])
