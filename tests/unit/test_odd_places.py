"""Whatever a file of features, a file of the state or an argument is, a command ends in a sentence.

What a user's own file raises is named as Python names it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from pipeline.cli.app import main
from pipeline.errors import ConfigError, InputError
from tests.fuzz.said import Said, documented_codes

Run = Callable[..., Said]

HEAD: Final = "from fraudwatch import feature, source, signal\n"
GOOD: Final = "    return transaction.select('user_id', 'trans_date_trans_time', 'amt')\n"
ROW: Final = {
    **{"trans_date_trans_time": "2026-01-05 09:00:00", "cc_num": 4613314721966, "amt": 1.5},
    **{"merchant": "fraud_x", "category": "grocery_pos", "first": "Jason", "last": "Murphy"},
    **{"zipcode": "29209", "dob": "1988-09-15", "trans_num": "e8a8", "is_fraud": 0, "user_id": 7},
}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in a folder of its own; what it says is checked for faults."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRAUDWATCH_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))

    def run(*command: str, own_words: bool = False) -> Said:
        said = Said(main(command), *capfd.readouterr())
        faults = said.faults(documented_codes(), is_json="--json" in command)
        if own_words:
            faults = [each for each in faults if "is foreign" not in each]
        assert "Traceback" not in said.err
        assert not faults, (faults, said)
        return said

    return run


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def (", "line 1: invalid syntax."),
        ("a = 1\0\n", "source code string cannot contain null bytes."),
        ("import nosuchmodule\n", "line 1: ModuleNotFoundError: No module named 'nosuchmodule'."),
        ("raise SystemExit(3)\n", "line 1: SystemExit: 3."),
        ("raise GeneratorExit\n", "line 1: GeneratorExit."),
        ("class Mine(BaseException): ...\nraise Mine('x')\n", "line 2: Mine: x."),
        ("def again(): again()\nagain()\n", "line 1: RecursionError: maximum recursion"),
        (
            "class Mine(Exception):\n    def __str__(self): raise OSError\nraise Mine\n",
            "line 3: Mine.",
        ),
        ("raise ValueError('a...\\nb')\n", "line 1: ValueError: a."),
        (HEAD + "@feature(topic='x')\ndef x(transaction): raise SystemExit\n", "SystemExit."),
        (HEAD + "@feature(topic='x')\ndef x(transaction): ...\n", "x returns nothing, but must"),
        (HEAD + "@feature(topic=5)\ndef x(transaction):\n" + GOOD, "'5' cannot be the name of a"),
        (HEAD + "@feature(topic=None)\ndef x(transaction):\n" + GOOD, "'None' cannot be the name"),
        ("", "has no feature."),
        ("\ufeff", "has no feature."),
    ],
)
def test_a_file_of_features(run: Run, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "mine.py").write_text(text)
    found = run("sql", "rolling", "--features", "mine.py", own_words=True)
    assert found.code == InputError.exit_code
    assert said in found.err and "mine.py" in found.err
    assert not found.out


def test_what_a_file_of_features_prints_is_no_part_of_the_result(run: Run, tmp_path: Path) -> None:
    text = (
        f"print('loading')\n{HEAD}@feature(topic='x')\ndef x(transaction):\n    print('x')\n{GOOD}"
    )
    (tmp_path / "mine.py").write_text(text)
    found = run("signals", "--features", "mine.py", "--json")
    assert found.code == 0 and "loading\nx\n" in found.err
    assert isinstance(json.loads(found.out), list)


@pytest.mark.parametrize("name", ["[x].py", "{x}.py", os.fsdecode(b"caf\xe9.py"), "a\nb.py"])
def test_a_file_of_features_may_have_any_name(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(f"{HEAD}@feature(topic='x')\ndef x(transaction):\n{GOOD}")
    assert run("sql", "x", "--features", name).code == 0


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["sql", "rolling", "--features", "~nobody-of-this-name/x.py"], ConfigError.exit_code),
        (["replay", "x.csv", "--encoding", os.fsdecode(b"\xe9")], ConfigError.exit_code),
        (["sql", "rolling", "--features", "x" * 300 + ".py"], 3),
        (["backtest", "[x].csv"], InputError.exit_code),
        (["train", "[x].csv", "--out", "[y]"], InputError.exit_code),
        (["backtest", "[x].csv", "--model", "[x]"], InputError.exit_code),
    ],
)
def test_odd_arguments(run: Run, command: list[str], code: int) -> None:
    assert run(*command).code == code


@pytest.mark.parametrize("name", ["x" * 300, "y/" * 2_100, os.fsdecode(b"\xff")])
@pytest.mark.parametrize("command", ["signals", "logs", "sql rolling", "backtest rows.jsonl"])
def test_a_state_directory_that_cannot_be(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, command: str
) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps(ROW))
    monkeypatch.setenv("FRAUDWATCH_STATE_DIR", str(tmp_path / name))
    assert run(*command.split()).code in (ConfigError.exit_code, 3)


@pytest.mark.parametrize(
    "content", [b"\xff{]", b'"\xff"', b'{"a":"\xff"}', b"[" * 100_000, b"[]", b"", b'{"a":1}']
)
@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("model.json", "sql model"),
        ("shadow.json", "sql shadow"),
        ("signals.json", "signals --history"),
        ("jobs.json", "jobs"),
        ("thresholds.json", "signals"),
        ("proofs.json", "jobs"),
    ],
)
def test_a_damaged_file_of_the_state(
    run: Run, tmp_path: Path, file: str, command: str, content: bytes
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / file).write_bytes(content)
    found = run(*command.split())
    assert found.code in (0, InputError.exit_code)
    if found.code:
        assert file in found.err


@pytest.mark.parametrize("command", ["status", "sql rolling", "profiles", "doctor"])
def test_a_working_directory_that_is_gone(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    found = run(*command.split())
    assert found.code == ConfigError.exit_code
    assert "The working directory does not exist any more." in found.err + found.out


def test_as_many_lines_of_a_log_as_are_asked_for(run: Run, tmp_path: Path) -> None:
    logs = tmp_path / "state" / "logs"
    logs.mkdir(parents=True)
    (logs / "kafka.log").write_text("one\ntwo\nthree\n")
    for asked, printed in (("0", ""), ("2", "two\nthree\n"), ("9", "one\ntwo\nthree\n")):
        assert run("logs", "kafka", "--lines", asked).out == printed
    assert run("logs", "kafka", "--lines", "-1").code == ConfigError.exit_code
