"""Creates files atomically, without ever overwriting another file."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Final

from pipeline.errors import PipelineError

_ELSEWHERE: Final = "Choose another folder."
_ROOM: Final = "Free some space, or choose another folder."
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# The errors of file systems without hard links.
_NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})


def create(path: Path, write: Callable[[Path], None]) -> Path:
    """Write a temporary file, then move it to its path.

    Args:
        path: The wanted path; if it exists, `-2`, `-3` … is added before the suffix.
        write: Writes the file to a temporary path.

    Returns:
        The path of the new file.

    Raises:
        PipelineError: The folder does not exist, or the file cannot be written there.
    """
    if not path.name:
        raise PipelineError(f"{path} has no file name.", "Add a file name.")
    if not path.parent.is_dir():
        raise PipelineError(f"There is no folder {path.parent}.", "Create it, or choose another.")
    try:
        handle, name = tempfile.mkstemp(".partial", ".fraudwatch-", path.parent)
        os.close(handle)
        partial = Path(name)
        try:
            write(partial)
            return _place(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in _FULL:
            raise PipelineError(f"There is no space left for {path}.", _ROOM) from error
        reason = error.strerror or str(error)
        raise PipelineError(f"{path} cannot be written: {reason}.", _ELSEWHERE) from error


def _place(partial: Path, path: Path) -> Path:
    for free in _names(path):
        try:
            # A link fails where a rename would overwrite a file created in the meantime.
            os.link(partial, free)
        except FileExistsError:
            continue
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            try:
                free.touch(exist_ok=False)
            except FileExistsError:
                continue
            partial.replace(free)
        return free
    raise AssertionError("there are always more names")


def _names(path: Path) -> Iterator[Path]:
    yield path
    for number in count(2):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")
