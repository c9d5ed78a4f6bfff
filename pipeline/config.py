"""Settings: where the stack lives and how it is reached, validated once.

Read, in order of rising weight: built-in defaults, `fraudwatch.toml` (user configuration directory,
then working directory), environment variables `FRAUDWATCH_*`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from platformdirs import user_cache_path, user_config_path, user_state_path

from .errors import ConfigError

FILE_NAME: Final = "fraudwatch.toml"
LOCAL_PROFILE: Final = "local"

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Positive = Annotated[int, msgspec.Meta(ge=1)]


def _default_cache() -> Path:
    return user_cache_path("fraudwatch")


def _default_state() -> Path:
    return user_state_path("fraudwatch")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that can be set for one profile.

    Attributes:
        state_dir: Data, logs, pids, checkpoints and savepoints of the local stack.
        cache_dir: Downloaded jars, shared between stacks.
        kafka_port: Port the local broker would like; another is taken when it is in use.
        flink_port: Port the local Flink REST API would like; likewise.
        slots: Task slots of the local cluster; each job takes `parallelism` of them.
        parallelism: Parallelism of the feature jobs.
        retention_mib: Size at which a topic partition starts to lose its oldest records.
        java_home: A Java 17 or 21 to use in place of the bundled one; empty for the bundled one.
        console_users: Users that the console keeps.
        console_windows: Closed windows of each kind that the console keeps.
        console_flagged: Flagged transactions that the console keeps.
        read_only: Whether the console changes nothing: no key that starts, stops or simulates.
        features: Python files with features of your own, which are run; in the variable separated
            as in `PATH`.
        maven_repository: Address of a Maven repository to use in place of the public one.
    """

    state_dir: Path = msgspec.field(default_factory=_default_state)
    cache_dir: Path = msgspec.field(default_factory=_default_cache)
    kafka_port: Port = 9092
    flink_port: Port = 8081
    slots: Positive = 8
    parallelism: Positive = 1
    retention_mib: Positive = 256
    console_users: Positive = 100_000
    console_windows: Positive = 48
    console_flagged: Positive = 1_000
    read_only: bool = False
    features: tuple[Path, ...] = ()
    java_home: str = ""
    maven_repository: str = ""
    profile: str = LOCAL_PROFILE

    @property
    def logs_dir(self) -> Path:
        """Where every process of the local stack writes its log."""
        return self.state_dir / "logs"

    @property
    def jars_dir(self) -> Path:
        """Where verified jars are kept."""
        return self.cache_dir / "jars"

    @property
    def checkpoints_dir(self) -> Path:
        """Where Flink keeps the jobs' checkpoints."""
        return self.state_dir / "checkpoints"

    @property
    def journal_file(self) -> Path:
        """What is remembered about each job between starts."""
        return self.state_dir / "jobs.json"

    @property
    def savepoints_dir(self) -> Path:
        """Where a stopped job's state is kept."""
        return self.state_dir / "savepoints"


class _File(msgspec.Struct, forbid_unknown_fields=True):
    profile: dict[str, dict[str, Any]] = {}


def load(
    profile: str = LOCAL_PROFILE,
    *,
    features: Iterable[Path] = (),
    environment: Mapping[str, str] | None = None,
    directories: tuple[Path, ...] | None = None,
) -> Settings:
    """Gather the settings of one profile.

    Args:
        profile: The profile's name.
        features: Files with features, in place of those that are set.
        environment: Variables to read; the process environment when None.
        directories: Where `fraudwatch.toml` may lie, weakest first.

    Raises:
        ConfigError: A file or variable cannot be used, or the profile is not known.
    """
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    known = {LOCAL_PROFILE}
    for path in files(directories):
        profiles = _read(path)
        known |= profiles.keys()
        values |= profiles.get(profile, {})
    if profile not in known:
        raise ConfigError(
            f"There is no profile named {profile!r}.",
            f"Known profiles: {', '.join(sorted(known))}.",
        )
    for field in Settings.__struct_fields__:
        variable = f"FRAUDWATCH_{field.upper()}"
        if field != "profile" and environment.get(variable):
            values[field] = environment[variable]
    if own := [str(path) for path in features]:
        values["features"] = own
    elif isinstance(values.get("features"), str):
        values["features"] = values["features"].split(os.pathsep)
    return _convert(values | {"profile": profile})


def files(directories: tuple[Path, ...] | None = None) -> tuple[Path, ...]:
    """The settings files that are there, weakest first.

    Args:
        directories: Where they may lie; when None, the user's configuration directory and the
            working directory.
    """
    if directories is None:
        directories = (user_config_path("fraudwatch"), Path.cwd())
    paths = (directory / FILE_NAME for directory in directories)
    return tuple(path for path in paths if path.is_file())


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=_File).profile
    except (msgspec.DecodeError, OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.", "Correct the file.") from error


def _convert(values: dict[str, Any]) -> Settings:
    known = Settings.__struct_fields__
    for name in values.keys() - set(known):
        alike = get_close_matches(name, known, n=1)
        meant = f"Did you mean {alike[0]}?" if alike else f"Known settings: {', '.join(known)}."
        raise ConfigError(f"Profile {values['profile']!r} sets {name!r}, which is unknown.", meant)
    try:
        # Variables are strings, so numbers are read leniently.
        settings = msgspec.convert(values, Settings, strict=False, dec_hook=_to_path)
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"The settings of profile {values['profile']!r} are not valid: {error}.",
            f"Look at {FILE_NAME} and the FRAUDWATCH_ variables.",
        ) from error
    return msgspec.structs.replace(
        settings,
        state_dir=settings.state_dir.expanduser().absolute(),
        cache_dir=settings.cache_dir.expanduser().absolute(),
        features=tuple(path.expanduser().absolute() for path in settings.features),
    )


def to_json(settings: Settings) -> bytes:
    """For handing settings to another process of ours."""
    return msgspec.json.encode(settings, enc_hook=str)


def from_json(data: bytes) -> Settings:
    """What `to_json` wrote."""
    return msgspec.json.decode(data, type=Settings, dec_hook=_to_path)


def _to_path(kind: type, value: Any) -> Any:
    """Msgspec knows no paths of its own."""
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError(f"a {kind.__name__} from {value!r}")
