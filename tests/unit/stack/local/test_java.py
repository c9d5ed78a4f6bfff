"""Which Java is used, and the message for an unsuitable one."""

from pathlib import Path

import pytest

from pipeline import config
from pipeline.config import Settings
from pipeline.errors import ConfigError
from pipeline.stack.local.java import java_home


def settings(home: Path | str = "") -> Settings:
    return config.load(environment={"FRAUDWATCH_JAVA_HOME": str(home)}, directories=())


def make_java(home: Path, version: str) -> Path:
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "java").touch(mode=0o755)
    (home / "release").write_text(f'IMPLEMENTOR="Example"\nJAVA_VERSION="{version}"\n')
    return home


def test_the_bundled_java_needs_no_setting() -> None:
    assert (java_home(settings()) / "bin" / "java").is_file()


@pytest.mark.parametrize("version", ["17.0.15", "21", "21.0.8"])
def test_a_java_of_ones_own_wins(tmp_path: Path, version: str) -> None:
    home = make_java(tmp_path / "java", version)
    assert java_home(settings(home)) == home


@pytest.mark.parametrize("version", ["1.8.0_402", "11.0.2", "25.0.1"])
def test_another_version_is_refused(tmp_path: Path, version: str) -> None:
    home = make_java(tmp_path / "java", version)
    with pytest.raises(ConfigError, match="17 or 21"):
        java_home(settings(home))


def test_a_folder_without_java_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no Java"):
        java_home(settings(tmp_path))
