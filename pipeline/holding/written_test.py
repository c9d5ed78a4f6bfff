"""Writes a pytest file that holds what a feature computes from some records, on both engines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from pprint import pformat
from typing import Final

from pipeline.errors import InputError
from pipeline.features import Feature

from .records import Rows

_WIDTH: Final = 96
_MOST_FILES: Final = 1_000
_FILE: Final = '''\
"""{title}"""

{imports}

RECORDS = [
{records}
]
ROWS = {rows}


@pytest.mark.parametrize("engine", ["duckdb", "flink"])
def test_{name}(engine: str) -> None:
    check({feature!r}, RECORDS, ROWS, engine=engine{features})
'''


@dataclass(frozen=True, slots=True)
class HeldTest:
    """What a test holds.

    Attributes:
        title: What it says that it is.
        feature: The feature.
        records: The records, as JSON.
        rows: What DuckDB computes from them.
        files: The feature files.
    """

    title: str
    feature: Feature
    records: Sequence[str]
    rows: Rows
    files: Sequence[Path]

    def write(self, folder: Path, name: str) -> Path:
        """Write the test, and return its path; a file that is there is never replaced.

        Args:
            folder: Where to.
            name: What it is called, besides `test_` and a number if necessary.

        Raises:
            InputError: It cannot be written.
        """
        text = self._text(folder, name)
        for number in range(1, _MOST_FILES):
            path = folder / (f"test_{name}.py" if number == 1 else f"test_{name}_{number}.py")
            try:
                with path.open("x") as file:
                    file.write(text)
            except FileExistsError:
                continue
            except OSError as error:
                raise InputError(
                    f"{path} cannot be written: {error.strerror}.", "Choose another --folder."
                ) from error
            return path
        raise InputError(f"{folder} is full of tests called {name}.", "Choose another --folder.")

    def _text(self, folder: Path, name: str) -> str:
        paths = ", ".join(_path(file, folder) for file in self.files)
        return _FILE.format(
            title=self.title,
            imports=_imports(bool(self.files)),
            records="\n".join(f"    {record!r}," for record in self.records),
            rows=pformat(self.rows, width=_WIDTH, sort_dicts=False),
            name=name,
            feature=self.feature.name,
            features=f", features=[{paths}]" if self.files else "",
        )


def _imports(with_files: bool) -> str:
    path = "from pathlib import Path\n\n" if with_files else ""
    return f"{path}import pytest\nfrom fraudwatch import check"


def _path(file: Path, folder: Path) -> str:
    """Return an expression for a file: relative to the test, where it is beside it."""
    if file.resolve().parent == folder.resolve():
        return f"Path(__file__).with_name({file.name!r})"
    return f"Path({str(file.resolve())!r})"
