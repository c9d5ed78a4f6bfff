"""Two threads that decode a type for the first time at once."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Without `ready`, this ends with a segmentation fault.
MEETING = """
import sys
import threading

import msgspec

from pipeline.text.ready_type import ready

sys.setswitchinterval(1e-6)
names = range(30)
data = b"{" + b",".join(b'"f%d":null' % name for name in names) + b"}"
for number in range(100):
    inner = msgspec.defstruct(f"Inner{number}", [(f"a{name}", int) for name in names])
    fields = [(f"f{name}", inner | None) for name in names]
    kind = msgspec.defstruct(f"Kind{number}", fields)
    together = threading.Barrier(4)

    def decode():
        together.wait()
        for _ in range(20):
            msgspec.json.decode(data, type=ready(kind))

    threads = [threading.Thread(target=decode) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""
# Decoding into builtin types needs no fields.
UNREADY = re.compile(
    r"decode\(.*\btype=(?!ready\(|dict\[str, (?:Any|msgspec\.Raw)\])"
    r"|msgspec\.convert\(.*, (?!ready\()[A-Z]"
    r"|json\.Decoder\((?!ready\(|dict\[|list\[|float_hook=|\))"
)


def test_threads_may_meet_a_type_for_the_first_time() -> None:
    subprocess.run([sys.executable, "-c", MEETING], check=True, timeout=600)


def test_every_type_that_is_decoded_into_is_ready() -> None:
    found = [
        f"{path.name}: {line.strip()}"
        for package in ("pipeline", "tui")
        for path in sorted((ROOT / package).rglob("*.py"))
        if path.name != "ready_type.py"
        for line in path.read_text().splitlines()
        if UNREADY.search(line)
    ]
    assert found == []
