"""Compiles Protobuf schemas: .proto files, and what a registry has of them.

A registry has the texts of files, or descriptors in base64: Confluent's own client for Python
registers those, and some registries return them as they are. The compiler is protoc, which
grpcio-tools brings along. It runs in a process of its own, since it prints what is wrong, and
schemas come from outside.
"""

from __future__ import annotations

import base64
import binascii
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Final

from confluent_kafka.schema_registry.confluent import meta_pb2
from confluent_kafka.schema_registry.confluent.type import decimal_pb2, variant_pb2
from confluent_kafka.schema_registry.confluent.types import decimal_pb2 as older_decimal_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.message import DecodeError
from google.type import date_pb2

from pipeline.formats.undecodable import UndecodableError
from pipeline.text.sanitise import sanitised

# Files that every registry knows, so that they are never among the references of a schema.
# Google's are there as text: those of google/protobuf in grpcio-tools, those of google/type below.
_CONFLUENT: Final = (meta_pb2, decimal_pb2, variant_pb2, older_decimal_pb2)
_GOOGLE: Final = Path(date_pb2.__file__).parents[2]
_GIVEN: Final = ".given"
_COMPILED: Final = ".compiled"
_SECONDS: Final = 30
_NO_ERROR: Final = re.compile(r": warning: |^WARNING: |^[IW][0-9]{4} ")
"""Lines of protoc, and those of its log."""
_WITH_LINE: Final = re.compile(r":[0-9]+:[0-9]+: ")
_MOST_SAID: Final = 200


def compiled(schema: str, references: Mapping[str, str]) -> FileDescriptorSet:
    """Compile a schema.

    Args:
        schema: The text of a .proto file, or a descriptor in base64.
        references: The same of each file that it or another one imports, by the name by which they
            do so, without those that every registry knows.

    Returns:
        All its files: each after those that it imports, and the schema as the last.

    Raises:
        UndecodableError: It cannot be compiled; the text is the end of a sentence on it.
    """
    main = "schema.proto"
    while main in references:
        main = f"_{main}"
    given = FileDescriptorSet()
    with TemporaryDirectory(prefix="fraudwatch-protobuf-") as temporary:
        folder = Path(temporary)
        for module in _CONFLUENT:
            module.DESCRIPTOR.CopyToProto(given.file.add())
        for name, text in (*references.items(), (main, schema)):
            if found := _descriptor(text):
                found.name = name
                given.file.append(found)
            else:
                _write(folder, name, text)
        (folder / _GIVEN).write_bytes(given.SerializeToString())
        return _compile(folder, main, folder)


def compiled_file(path: Path) -> FileDescriptorSet:
    """Compile a .proto file; the files that it imports are in its folder.

    Returns:
        All its files, as `compiled` returns them.

    Raises:
        UndecodableError: It cannot be compiled; the text is the end of a sentence on it.
    """
    with TemporaryDirectory(prefix="fraudwatch-protobuf-") as temporary:
        (Path(temporary) / _GIVEN).write_bytes(b"")
        return _compile(Path(temporary), path.name, path.parent)


def _descriptor(text: str) -> FileDescriptorProto | None:
    """Decode a descriptor in base64; None if it is the text of a file, which has spaces."""
    try:
        return FileDescriptorProto.FromString(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, DecodeError):
        return None


def _write(folder: Path, name: str, text: str) -> None:
    path = PurePosixPath(name)
    try:
        if path.is_absolute() or ".." in path.parts or "\\" in name or name.startswith("."):
            raise ValueError
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        shown = sanitised(name)[:_MOST_SAID]
        raise UndecodableError(f"imports {shown!r}, which cannot be a file") from error


def _compile(folder: Path, main: str, texts: Path) -> FileDescriptorSet:
    """Compile a file of the folder with the texts, or of the descriptors in the other one."""
    command = (
        # Nothing is imported from the folder in which it runs.
        *(sys.executable, "-P", "-m", "grpc_tools.protoc"),
        *(f"-I{texts}", f"-I{_GOOGLE}", f"--descriptor_set_in={folder / _GIVEN}"),
        *("--include_imports", "--include_source_info"),
        *(f"--descriptor_set_out={folder / _COMPILED}", main),
    )
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UndecodableError(
            "cannot be compiled (the compiler does not run, or does not end)"
        ) from error
    if done.returncode:
        lines = done.stderr.decode(errors="replace").splitlines()
        errors = [line for line in lines if not _NO_ERROR.search(line)]
        # Of a file that is not there, it says where it is imported only after that.
        errors.sort(key=lambda line: not _WITH_LINE.search(line))
        shown = sanitised((errors or ["protoc fails"])[0].removeprefix(f"{main}:").strip())
        raise UndecodableError(f"cannot be compiled ({shown[:_MOST_SAID]})")
    return FileDescriptorSet.FromString((folder / _COMPILED).read_bytes())
