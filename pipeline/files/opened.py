"""Opens files by name, and recognises their formats."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from shutil import copyfileobj
from tempfile import NamedTemporaryFile
from typing import IO

from pipeline import contract
from pipeline.errors import InputError

from . import conversions, rows_table
from .contents import Content, recognised
from .duckdb_sql import moment
from .file_reading import FileReader
from .left_out_rows import Checks
from .mapping import Fields, fields_of, is_known
from .prepared import PreparedFiles
from .sources import FileSource, found
from .target import TRANSACTIONS, Target
from .values import value
from .work import Work, work_in


@dataclass(slots=True)
class Files:
    """Files of recognised formats.

    Attributes:
        passed_over: Files of a pattern or a zip without records, each with the reason.
    """

    _work: Work
    _latest: datetime
    _target: Target
    _files: list[tuple[FileSource, Content, Fields]] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)

    def read(self, report: Callable[[str], None]) -> PreparedFiles:
        """Read all files, and find the rows that can be sent.

        Args:
            report: Called with the file that is being read.

        Raises:
            InputError: A file cannot be read, or there is no record in any of them.
        """
        rows_table.create_table(self._work, self._target)
        self._work.connection.execute(f"SET VARIABLE latest = {moment(self._latest)}")
        reader = FileReader(Checks.of(self._target), self._work)
        done = []
        for number, (source, content, fields) in enumerate(self._files):
            report(f"reading {source.name}")
            done.append(reader.read(number, source, content, fields))
        time = value(self._target.source.time)
        counted = self._work.connection.execute(
            f"SELECT count(*), min({time}), max({time}) FROM rows"
        ).fetchone()
        total, earliest, latest = counted or (0, None, None)
        left_out = self._work.left_out.all()
        if not total:
            why = f": {left_out[0].words}" if left_out else ""
            names = done[0].name + (f" and {len(done) - 1} more" if len(done) > 1 else "")
            verb = "hold" if len(done) > 1 else "holds"
            record = self._target.record
            hint = (left_out[0].fault.hint if left_out else "") or "Check the file."
            raise InputError(f"{names} {verb} no {record}{why}.", hint)
        return PreparedFiles(
            self._work, self._latest, self._target, tuple(done), total, earliest, latest
        )


@contextmanager
def opened(
    names: Sequence[str],
    given: Mapping[str, str],
    state_dir: Path,
    *,
    target: Target = TRANSACTIONS,
    encoding: str = "",
    now: Callable[[], datetime] = lambda: datetime.now(UTC).replace(tzinfo=None),
) -> Iterator[Files]:
    """Recognise files, which can be read within the context.

    Args:
        names: Paths, patterns, or `-`; see `sources.found`.
        given: The user's mappings, see `mapping.read_options`.
        state_dir: Directory with room for sorting; temporary files are removed.
        target: What their rows become.
        encoding: Encoding of texts without a byte order mark; UTF-8 when empty.
        now: The time in UTC; later records are invalid.

    Raises:
        InputError: A named file cannot be used, or no file of a pattern can.
    """
    with work_in(state_dir, target.source.sensitive) as work:
        conversions.define(work.connection)
        files = Files(work, now() + contract.MOST_AHEAD, target)
        known = partial(is_known, target=target)
        problem: InputError | None = None
        for source in found(names, partial(spooled, work.folder)):
            try:
                content = recognised(source, encoding, known, work)
                fields = fields_of(source.name, content.columns, given, target, content.inside)
            except InputError as error:
                if source.named:
                    raise
                problem = problem or error
                files.passed_over.append(error.message)
                continue
            if fields.data:
                files._files.append((source, content, fields))
            else:
                files.passed_over.append(
                    f"{source.name} is {fields.layout}, and holds no {target.record}s."
                )
        if not files._files:
            raise problem or InputError(
                " ".join(files.passed_over) or "There is no file.",
                f"Name one with {target.record}s.",
            )
        yield files


def spooled(folder: Path, stream: IO[bytes]) -> Path:
    """Write a stream to a file of a folder, since DuckDB reads it more than once."""
    with NamedTemporaryFile(prefix="stream-", dir=folder, delete=False) as target:
        copyfileobj(stream, target, 1 << 20)
    return Path(target.name)
