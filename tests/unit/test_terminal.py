"""Whatever the standard streams are, a command prints its result and returns its exit code."""

from __future__ import annotations

import ast
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

import pipeline
from pipeline import config
from pipeline.cli.app import command_line, main
from pipeline.cli.common import print_json, print_table, reporter
from pipeline.cli.marks import Mark, marked
from pipeline.cli.terminal import prepare_streams, require_drawing
from pipeline.errors import PipelineError
from pipeline.stack import bring_up
from tests.e2e.conftest import stack_environment, wait_until
from tests.e2e.test_console import COLUMNS, LINES, Terminal
from tui.web.command import serve

ENCODINGS = ("ascii", "latin-1", "cp1252", "utf-8")
# An external cluster that does not answer, so that nothing is started.
AWAY = """
[profile.away.kafka]
bootstrap = "127.0.0.1:9"
[profile.away.flink]
rest = "http://127.0.0.1:9"
"""
# Without a stack: each of them says so, without a traceback.
COMMANDS = (
    ("status", 3),
    ("jobs", 0),
    ("check", 3),
    ("check --json", 3),
    ("doctor", None),
    ("profiles", 0),
    ("topics", 3),
    ("tail transaction", 3),
    ("inspect transaction", 3),
    ("inspect Café✓.csv", 5),
    ("verify", 3),
    ("quarantine", 3),
    ("sql rolling", 0),
    ("logs", 0),
    ("stop rolling", None),
    ("down", 0),
    ("replay Café✓.csv", 5),
    ("tail Café✓", 3),
    ("logs Café✓", 5),
    ("up --profile away", 3),
    ("serve --profile away --port 0", 3),
    ("start", 2),
    ("start rolling", 3),
    ("simulate", 3),
    ("hold rolling", 3),
    ("shrink rolling", 5),
    ("backtest Café✓.csv", 5),
    ("train Café✓.csv --out Café✓.model", 5),
    ("signals", 0),
    ("signals --promote rules", 0),
    ("signals --history", 0),
    ("verdicts", 3),
    ("init --force", 0),
    ("--help", 0),
    ("check --help", 0),
    ("nonsense✓", 2),
    ("status --nonsense✓", 2),
)


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FRAUDWATCH_STATE_DIR", str(tmp_path / "Zustände ✓"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "fraudwatch").mkdir()
    (tmp_path / "fraudwatch" / "fraudwatch.toml").write_text(AWAY)
    monkeypatch.chdir(tmp_path)


class Streams:
    """Standard streams of one character set, and the text written to them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
        self._raw = {name: io.BytesIO() for name in ("stdout", "stderr")}
        self._encoding = encoding
        for name, raw in self._raw.items():
            monkeypatch.setattr(sys, name, io.TextIOWrapper(raw, encoding=encoding))

    def text(self, name: str) -> str:
        getattr(sys, name).flush()
        return self._raw[name].getvalue().decode(self._encoding)


@pytest.mark.parametrize(("command", "expected"), COMMANDS, ids=[each for each, _ in COMMANDS])
def test_every_command_ends_alike_in_every_character_set(
    monkeypatch: pytest.MonkeyPatch, command: str, expected: int | None
) -> None:
    # Nothing listens where the cluster is said to be, however long it is asked.
    monkeypatch.setattr(bring_up, "_PROBE_SECONDS", 0.5)
    codes = {}
    for encoding in ENCODINGS:
        with monkeypatch.context() as patch:
            streams = Streams(patch, encoding)
            codes[encoding] = main(command.split(), more=(serve,))
            assert "Traceback" not in streams.text("stdout") + streams.text("stderr")
            assert streams.text("stdout") or streams.text("stderr") or command == "down"
    assert len(set(codes.values())) == 1, codes
    assert expected in (None, codes["utf-8"])


def test_no_command_is_left_out() -> None:
    named = {name for name in command_line((serve,)) if not name.startswith("-")}
    assert named <= {command.split()[0] for command, _ in COMMANDS}


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("backtest {} --threshold 0.5 --threshold 0.9", "rules >= 0.5"),
        ("train {} --out model --trees 3 --depth 2", "###"),
    ],
)
def test_tables_and_plots_are_plain_where_they_have_to_be(
    monkeypatch: pytest.MonkeyPatch, sample_data: Path, encoding: str, command: str, said: str
) -> None:
    sample = sample_data / "kaggle-layout-60-customers.csv.gz"
    with monkeypatch.context() as patch:
        streams = Streams(patch, encoding)
        assert main(command.format(sample).split()) == 0, streams.text("stderr")
        shown = streams.text("stdout")
        assert "\\" not in shown + streams.text("stderr")
    assert said in shown


def test_a_table_is_aligned_as_it_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        streams = Streams(patch, "ascii")
        prepare_streams()
        print_table(("", "rules ≥ 0.5"), [("a…", "1"), ("bcdefg", "2")], right=(1,))
        lines = streams.text("stdout").splitlines()
    assert lines == ["        rules >= 0.5", "a...               1", "bcdefg             2"]


def test_every_character_that_is_not_ascii_has_a_plain_form() -> None:
    """In the texts of the commands, since an escape in its place is hard to read."""
    folder = Path(pipeline.__file__).parent
    used = {
        (character, path.relative_to(folder).as_posix())
        for path in folder.rglob("*.py")
        for text in texts(ast.parse(path.read_text("utf-8")))
        for character in text
        if character > "\x7f"
    }
    lacking = {(character, path) for character, path in used if "\\" in plain(character)}
    # Plots are drawn in braille only where the stream takes it.
    lacking.discard(("⣿", "cli/train.py"))
    # Tables of characters, which are not printed.
    assert {path for _, path in lacking} <= {"text/sanitise.py", "formats/java_values.py"}, lacking


def texts(tree: ast.Module) -> Iterator[str]:
    """Yield the texts in a module that are no docstrings."""
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in documentation:
            yield from [node.value] if isinstance(node.value, str) else []


def plain(character: str) -> str:
    prepare_streams()
    return character.encode("ascii", sys.stdout.errors or "strict").decode()


@pytest.mark.parametrize(
    ("encoding", "line"),
    [
        ("ascii", "+ 3 of 5 \\xe9 -> x2 - ... \\u6771 \\U0001f98a \\ud800"),
        ("latin-1", "+ 3 of 5 é -> ×2 · ... \\u6771 \\U0001f98a \\ud800"),
        ("utf-8", "✓ 3 of 5 é → ×2 · … 東 🦊 \\ud800"),
    ],
)
def test_what_a_character_set_lacks_is_written_plainly(
    monkeypatch: pytest.MonkeyPatch, encoding: str, line: str
) -> None:
    streams = Streams(monkeypatch, encoding)
    prepare_streams()
    print(f"{marked(Mark.GOOD)} 3 of 5 é → ×2 · … 東 🦊 \ud800")
    assert streams.text("stdout") == line + "\n"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_is_the_same_value_in_every_character_set(
    monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    value = {"name": "José 東京 🦊 → \u202e", "marks": ["✓", "✗"]}
    streams = Streams(monkeypatch, encoding)
    prepare_streams()
    print_json(value)
    assert json.loads(streams.text("stdout")) == value


def fraudwatch(shell: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which `$F` is the headless fraudwatch."""
    return subprocess.run(
        ["bash", "-c", shell],
        # Buffered as for users, whatever the tests run with.
        env={**os.environ, "PYTHONUNBUFFERED": "", "F": f"{sys.executable} -m pipeline.cli"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("shell", "code"),
    [
        ("$F check >&-", 3),
        ("$F check 2>&-", 3),
        ("$F check <&- >&- 2>&-", 3),
        ("$F jobs >&-", 0),
        ("$F jobs > /dev/full", 3),
        ("$F check 2> /dev/full", 3),
        ("$F tail transaction 2> /dev/full", 3),
        ("$F nonsense 2>&-", 2),
        ("set -o pipefail; $F check | true", 3),
        ("set -o pipefail; $F jobs | true", 0),
        ("PYTHONIOENCODING=ascii $F check", 3),
        ("LC_ALL=C PYTHONCOERCECLOCALE=0 PYTHONUTF8=0 $F check", 3),
    ],
)
def test_streams_that_are_closed_full_or_unread(shell: str, code: int) -> None:
    done = fraudwatch(shell)
    assert done.returncode == code, done
    assert "Traceback" not in done.stdout + done.stderr
    assert "Exception ignored" not in done.stdout + done.stderr


@pytest.mark.parametrize("columns", ["0", "1", "-5", "abc", "", "007", "9" * 20])
def test_help_fits_whatever_the_number_of_columns_is_said_to_be(
    monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    with monkeypatch.context() as patch:
        streams = Streams(patch, "utf-8")
        assert main(["check", "--help"]) == 0
        assert "Usage" in streams.text("stdout")
        assert main(["nonsense"]) == 2


@pytest.mark.parametrize("terminals", [(), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)])
def test_a_terminal_on_any_of_the_streams(terminals: tuple[int, ...]) -> None:
    """In ASCII, with its marks and its colours."""
    elsewhere = {0: "< /dev/null", 1: "> out", 2: "2> err"}
    redirected = " ".join(word for number, word in elsewhere.items() if number not in terminals)
    shell = f"PYTHONIOENCODING=ascii {sys.executable} -m pipeline.cli check {redirected}"
    child = pexpect.spawn("bash", ["-c", shell], timeout=120)
    shown = child.read().decode("ascii")
    child.close()
    written = "".join(Path(name).read_text() for name in ("out", "err") if Path(name).exists())
    assert child.exitstatus == 3
    assert "Traceback" not in shown + written
    assert "stack  Kafka is off" in shown + written


@pytest.mark.parametrize(
    ("shell", "said"),
    [
        ("TERM=dumb {}", "TERM is 'dumb'"),
        ("TERM= {}", "TERM is not set"),
        ("env -u TERM {}", "TERM is not set"),
        ("LC_ALL=C PYTHONCOERCECLOCALE=0 PYTHONUTF8=0 {}", "draws in UTF-8"),
        ("{} < /dev/null", "needs a terminal"),
        ("{} <&-", "needs a terminal"),
    ],
)
def test_a_console_that_cannot_draw_says_so_and_draws_nothing(shell: str, said: str) -> None:
    command = shell.format(f"{sys.executable} -m tui")
    child = pexpect.spawn("bash", ["-c", command], timeout=120, dimensions=(45, 160))
    shown = child.read().decode()
    child.close()
    assert said in shown
    assert "fraudwatch status" in shown
    assert "\x1b" not in shown
    assert len(shown.splitlines()) == 1
    assert child.exitstatus == 1


def test_the_console_follows_its_terminal_whatever_the_shell_exports(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    # It starts nothing, and says so in the middle of the screen and at its bottom.
    terminal = Terminal(config.load(environment=stack_environment(tmp_path)), "--read-only")
    try:
        for columns, lines in ((COLUMNS, LINES), (100, 50), (160, 45)):
            terminal.resize(columns, lines)

            def filled(columns: int = columns, lines: int = lines) -> bool:
                foot = terminal.text.splitlines()[-1]
                return "quit" in foot and terminal.painted(columns - 1, lines - 1)

            wait_until(filled, 60, f"a screen of {columns} × {lines}")
        terminal.process.send("q")
        wait_until(lambda: not terminal.text or not terminal.process.isalive(), 60, "the end")
    finally:
        terminal.process.close(force=True)


def test_without_a_terminal_nothing_is_asked_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    Streams(monkeypatch, "utf-8")
    with pytest.raises(PipelineError, match="needs a terminal"):
        require_drawing()


def test_no_wait_is_silent_where_lines_cannot_be_overwritten(
    capsys: pytest.CaptureFixture[str],
) -> None:
    seconds = iter((0.0, 5.0, 10.0, 12.0, 20.0))
    report = reporter("rolling", over=True, clock=lambda: next(seconds))
    # Printing takes the time once more.
    for line in ("reading", "waiting", "still waiting"):
        report(line)
    assert capsys.readouterr().err == "  … rolling: waiting\n"
