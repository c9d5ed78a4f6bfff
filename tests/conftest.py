"""Options and fixtures of all tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# The duration of an example depends on the machine more than on the code. Where CI is set, its
# examples are the same each time, so that only a change fails.
settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept-golden", action="store_true", help="Write the golden files.")
    parser.addoption("--rounds", type=int, default=1, help="How often each fault is tried.")


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
