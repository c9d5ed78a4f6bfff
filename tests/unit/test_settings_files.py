"""What is wrong with a settings file is said in a sentence, whatever the file holds."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import config
from pipeline.errors import ConfigError

DEEP = "a = " + "[" * 5_000


def load(folder: Path) -> config.Settings:
    return config.load(directories=(folder,), environment={})


def refused(folder: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(folder)
    error = caught.value
    assert error.message.endswith(".") and error.hint.endswith(".")
    assert not re.search(r"Expected|codec|Object|Invalid enum|``|\bNone\b", str(error))
    return error


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"# first\n# caf\xe9\n", "cannot be read: line 2 is not UTF-8."),
        ("[profile.a]\n".encode("utf-16"), "cannot be read: line 1 is not UTF-8."),
        (b"\0\xff", "cannot be read: line 1 is not UTF-8."),
        (b"\0", "cannot be read: Invalid statement (at line 1, column 1)."),
        (DEEP.encode(), "cannot be read: its brackets are nested too deeply."),
        (b"parallelism = 2\n", "has 'parallelism' outside of a profile."),
        (b"[profiles.local]\n", "has 'profiles' outside of a profile."),
        (b"profile = 5\n", "profile must be a table, not a whole number."),
        (b"[[profile]]\n", "profile must be a table, not a list."),
        (b"[profile]\nlocal = true\n", "must be a table, not true or false."),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / config.FILE_NAME).write_bytes(content)
    error = refused(tmp_path)
    assert said in error.message
    assert str(tmp_path / config.FILE_NAME) in error.message


@pytest.mark.parametrize(
    ("make", "said"),
    [
        # As made by a bind mount of a container whose file does not exist.
        (Path.mkdir, "cannot be read: Is a directory."),
        (lambda path: path.symlink_to("nowhere"), "cannot be read: No such file or directory."),
        (lambda path: path.symlink_to(path), "cannot be read: Too many levels of symbolic links."),
    ],
)
def test_what_is_no_file_is_not_passed_over(
    tmp_path: Path, make: Callable[[Path], None], said: str
) -> None:
    make(tmp_path / config.FILE_NAME)
    assert said in refused(tmp_path).message


def test_a_mark_of_the_encoding_is_no_setting(tmp_path: Path) -> None:
    text = "\ufeff[profile.local]\r\nparallelism = 3\r\n"
    (tmp_path / config.FILE_NAME).write_bytes(text.encode())
    assert load(tmp_path).parallelism == 3


@pytest.mark.parametrize(
    ("table", "line", "said"),
    [
        ("", "parallelism = 0", "parallelism must be a whole number of at least 1."),
        ("", "parallelism = 1.5", "parallelism must be a whole number, not one with a fraction."),
        ("", "parallelism = 'x'", "parallelism must be a whole number, not a text."),
        ("", "read_only = 2020-01-01", "read_only must be true or false, not a date."),
        ("", "features = 'a.py'", "features must be a list, not a text."),
        ("", "features = [5]", "a path must be a text (features[0])."),
        (".kafka", "port = 99999", "kafka.port must be a whole number of at most 65535."),
        (".kafka", "topics = 5", "kafka.topics must be a table, not a whole number."),
        (
            ".kafka",
            "compression = 'best'",
            "kafka.compression is 'best', but must be one of: none, gzip, snappy, lz4, zstd.",
        ),
        (".flink", "timeout = nan", "flink.timeout must be a number above 0.0."),
        (".flink", "rest = 'x'", "rest is 'x', but must begin with http:// or https:// (flink)."),
        (".kafka", "bootstrp = 'x'", "Profile 'local' sets 'kafka.bootstrp', which is unknown."),
    ],
)
def test_a_setting_that_is_not_valid(tmp_path: Path, table: str, line: str, said: str) -> None:
    (tmp_path / config.FILE_NAME).write_text(f"[profile.local{table}]\n{line}\n")
    assert said in refused(tmp_path).message
