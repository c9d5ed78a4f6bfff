"""Ctrl+c: a command ends at once and in silence, also amid a query."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from pipeline.cli.app import INTERRUPTED

SECONDS = 120.0
INTERRUPT = "threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()"
FOR_HOURS = '"SELECT count(*) FROM range(1000000000000) a, range(1000) b"'
VERIFYING = f"""
    with workspace((TRANSACTION,)) as connection, interruptible(connection):
        connection.execute("SET threads = 4")
        {INTERRUPT}
        connection.execute({FOR_HOURS})
"""
WITH_FILES = f"""
    with work_in(Path(sys.argv[1])) as work:
        {INTERRUPT}
        work.connection.execute({FOR_HOURS})
"""
IN_ITS_OWN_THREAD = f"""
    def rows():
        {INTERRUPT}
        yield work.connection.execute({FOR_HOURS})

    with work_in(Path(sys.argv[1])) as work, ahead(rows(), 2) as items:
        next(items)
"""
BETWEEN_QUERIES = """
    raise KeyboardInterrupt
"""
# In a process of its own: a query that does not end cannot be interrupted by the test's time limit.
PROGRAM = """
import os, signal, sys, threading
from pathlib import Path
from pipeline.cli.ahead import ahead
from pipeline.cli.app import main
from pipeline.files.work import work_in
from pipeline.interrupt import interruptible
from pipeline.parity.tables import workspace
from pipeline.sources import TRANSACTION

def work():
    "Work for hours."
{}
# Also where it is ignored, as in a shell's background.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(main(["work"], more=[work]))
"""


@pytest.mark.parametrize(
    "work",
    [VERIFYING, WITH_FILES, IN_ITS_OWN_THREAD, BETWEEN_QUERIES],
    ids=["verifying", "with files", "in its own thread", "between"],
)
def test_ctrl_c_ends_a_command_at_once(work: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(work), str(tmp_path_factory.mktemp("state"))],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (INTERRUPTED, "", "")


# A module that all commands import, and that is interrupted while it is.
IMPORTED = """
import os, runpy, signal, sys
from importlib.abc import MetaPathFinder

class Interrupts(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "cyclopts":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv[1:] = ["status"]
runpy.run_module("{}", run_name="__main__")
"""


@pytest.mark.parametrize("module", ["tui", "pipeline.cli"])
def test_ctrl_c_while_modules_are_imported_leaves_no_traceback(module: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", IMPORTED.format(module)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, "", "")
