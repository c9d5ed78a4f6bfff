"""Runs every command of the documentation, page by page, in order.

A new command on a page is run without further work. One that cannot be run here is in `_NOT_RUN`,
with the reason; `tests/unit/test_docs.py` checks that it is a valid command.
"""

from __future__ import annotations

import csv
import gzip
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pexpect
import pytest

from pipeline.simulator.generator import Generator
from tui.__main__ import console_options

from ..documents import commands, documents, write_my_features, write_my_payments
from ..new_topic import write_first_look
from .conftest import stack_environment

# By the beginning of a line.
_NOT_RUN = {
    "make ": "installs the project, or runs all tests",
    "pipx ": "downloads 400 MB into the user's home",
    "pip ": "installs what the tests have",
    "uv ": "downloads 400 MB into the user's home",
    "docker ": "needs a container engine; tests/compose starts the same services",
    "git ": "needs the repository's address",
    "fraudwatch --profile compose": "needs the Compose stack, which tests/compose starts",
    "fraudwatch serve": "serves until ctrl+c, and is tested in a browser by test_serve.py",
}
# The exit code depends on the age of the data: 6 says that there is nothing to verify yet, as with
# windows that are still open.
_MAY_FAIL = {"fraudwatch check": (0, 1, 6), "fraudwatch verify": (0, 6)}
_PATIENCE = 600
# Transactions per second in the stack that pages share: a quarter of the default.
_RATE = 25
# Pages that stop their stack are last, since the others need it.
_PAGES = sorted(filter(commands, documents()), key=lambda page: "fraudwatch down" in commands(page))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A folder with the files of the pages, and a stack that most pages share."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    yield desk
    desk.begin()
    desk.type("fraudwatch down")


class Desk:
    """A shell with the features that pages need.

    Args:
        folder: The working directory.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._environment: dict[str, str] = {}
        self.begin()
        write_my_features(folder)
        write_my_payments(folder)
        write_first_look(folder)
        write_transactions(folder / "transactions.csv.gz")
        (folder / "payments.csv").write_text(
            "When;Amount;IBAN\n31.01.2024 18:05;$12.50;DE89370400440532013000\n"
        )

    def begin(self, stack: str = "shared") -> None:
        """Remove the variables of the page before, and select a stack."""
        self._environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("FRAUDWATCH_")},
            **stack_environment(self._folder / stack),
            "PATH": self._path,
            "TERM": "xterm-256color",
        }

    @property
    def stack_is_up(self) -> bool:
        return self._run("fraudwatch status").returncode == 0

    def type(self, line: str) -> None:
        """Run a line, and check that it succeeds."""
        program, *arguments = shlex.split(line)
        if program == "export":
            self._environment |= dict(each.split("=", 1) for each in arguments)
        elif program == "fraudwatch" and console_options(arguments) is not None:
            self._open_console(line)
        else:
            done = self._run(line)
            allowed = next(
                (codes for begin, codes in _MAY_FAIL.items() if line.startswith(begin)), (0,)
            )
            said = f"$ {line}\n{done.stdout}{done.stderr}"
            assert done.returncode in allowed, said
            assert "Traceback" not in said

    def _run(self, line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            shlex.split(line),
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )

    def _open_console(self, line: str) -> None:
        program, *arguments = shlex.split(line)
        console = pexpect.spawn(
            program, arguments, cwd=self._folder, env=self._environment, dimensions=(40, 120)
        )
        try:
            # The last text that appears with the first jobs.
            console.expect(re.compile(rb"running"), timeout=_PATIENCE)
            console.send("q")
            console.expect(pexpect.EOF, timeout=_PATIENCE)
            console.wait()
        finally:
            console.close(force=True)
        assert console.exitstatus == 0, line


def write_transactions(path: Path) -> None:
    """A file as users have it: some days in the public layout."""
    generator = Generator(seed=3, start=datetime(2024, 3, 1), users=200)
    # Enough for a model: eleven of these customers have fraud.
    rows = [generator.next(60.0) for _ in range(6_000)]
    with gzip.open(path, "wt", newline="") as file:
        names = ["trans_date_trans_time", "cc_num", "merchant", "category", "amt", "first", "last"]
        names += ["zipcode", "dob", "trans_num", "is_fraud"]
        writer = csv.writer(file)
        writer.writerow("zip" if name == "zipcode" else name for name in names)
        writer.writerows([getattr(row, name) for name in names] for row in rows)


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page(desk: Desk, page: Path) -> None:
    typed = commands(page)
    to_run = [line for line in typed if not any(line.startswith(begin) for begin in _NOT_RUN)]
    brings_one = any(line.startswith("fraudwatch up") for line in to_run)
    needs_one = any(line.startswith("fraudwatch ") for line in to_run)
    desk.begin(page.stem if brings_one else "shared")
    if needs_one and not brings_one and not desk.stack_is_up:
        desk.type("fraudwatch up")
        # Each page would otherwise verify, and judge, what arrived during all those before it.
        desk.type(f"fraudwatch simulate --rate {_RATE}")
    try:
        for line in to_run:
            begun = time.monotonic()
            desk.type(line)
            print(f"{time.monotonic() - begun:6.1f} s  {line}")
    finally:
        if brings_one:
            desk.type("fraudwatch down")


def test_what_is_not_run_is_there() -> None:
    """An unused exception would hide a mistake."""
    typed = [line for page in documents() for line in commands(page)]
    unused = [begin for begin in _NOT_RUN if not any(line.startswith(begin) for line in typed)]
    assert set(unused) <= {"docker ", "git ", "fraudwatch --profile compose"}
