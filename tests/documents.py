"""The contents of the documentation, for tests that compare it with the program."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of a page in a language."""
    return blocks_in(page.read_text(), language)


def blocks_in(text: str, language: str) -> list[str]:
    """The code blocks of a part of a page in a language."""
    return [block for name, block in _BLOCK.findall(text) if name == language]


def section(page: Path, heading: str) -> str:
    """The text of a page below a heading of the second level."""
    _, below = page.read_text().split(f"\n## {heading}\n")
    return below.partition("\n## ")[0]


def documents() -> list[Path]:
    """The README and every page of `docs/`."""
    return [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]


def commands(page: Path) -> list[str]:
    """The commands on a page: the lines after `$ ` in its console blocks, in order."""
    return commands_in(page.read_text())


def commands_in(text: str) -> list[str]:
    """The commands in a part of a page."""
    lines = [line for block in blocks_in(text, "console") for line in block.splitlines()]
    typed = (line.removeprefix("$ ") for line in lines if line.startswith("$ "))
    return [re.sub(r"\s{2,}#.*", "", line).strip() for line in typed]


def write_my_features(folder: Path) -> Path:
    """Write the first feature of `docs/writing-a-feature.md` to a file, as a reader would."""
    path = folder / "my_features.py"
    path.write_text(blocks(DOCS / "writing-a-feature.md", "python")[0])
    return path


def write_my_payments(folder: Path) -> Path:
    """The source and the feature of `docs/writing-a-source.md`, and what sends records to it."""
    path = folder / "my_payments.py"
    declared, sent, *_ = blocks(DOCS / "writing-a-source.md", "python")
    path.write_text(declared)
    (folder / "send_payments.py").write_text(sent)
    return path
