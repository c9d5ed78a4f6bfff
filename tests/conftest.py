"""Options and fixtures of all tests."""

from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says more about the machine than about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept-golden", action="store_true", help="Write the golden files anew.")
    parser.addoption("--rounds", type=int, default=1, help="How often each fault is tried.")


@pytest.fixture(scope="session")
def sample_data() -> Path:
    """The folder of sample files in the formats that users have."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the sample files are not beside the checkout (../shared/data)")
    return folder
