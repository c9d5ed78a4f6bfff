"""Options and fixtures of all tests."""

import faulthandler
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

_GRACE_SECONDS: Final = 60.0
_STDERR: Final = pytest.StashKey[int]()

# The duration of an example depends on the machine more than on the code. Where CI is set, its
# examples are the same each time, so that only a change fails.
settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept-golden", action="store_true", help="Write the golden files.")
    parser.addoption("--rounds", type=int, default=1, help="How often each fault is tried.")


def pytest_configure(config: pytest.Config) -> None:
    # What the tests print is not captured yet.
    assert sys.__stderr__ is not None
    config.stash[_STDERR] = os.dup(sys.__stderr__.fileno())
    # A process of the tests that a library crashes says where.
    os.environ["PYTHONFAULTHANDLER"] = "1"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """End a test that its time limit cannot, and print what each of its threads does.

    The limit is a signal, which Python handles only after a call of C, such as a client of Kafka
    that is closed, has returned.
    """
    limit = item.get_closest_marker("timeout")
    seconds = float(limit.args[0] if limit else item.config.getini("timeout"))
    faulthandler.dump_traceback_later(
        seconds + _GRACE_SECONDS, exit=True, file=item.config.stash[_STDERR]
    )
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.fixture(scope="session")
def sample_data() -> Path:
    """The folder of sample files in formats that users have."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the sample files are not beside the checkout (../shared/data)")
    return folder


@pytest.fixture(autouse=True, scope="session")
def idle() -> Iterator[None]:
    """Make Textual's Pilot wait independently of the speed of the machine."""
    from tests.idle import until_idle

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("textual.pilot.wait_for_idle", until_idle)
        patch.setattr("textual.app.wait_for_idle", until_idle)
        yield
