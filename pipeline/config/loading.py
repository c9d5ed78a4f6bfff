"""Loads the settings of a profile from its files and the environment."""

from __future__ import annotations

import codecs
import os
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, get_args, get_origin, get_type_hints

import msgspec
from platformdirs import user_config_path

from pipeline.errors import ConfigError
from pipeline.text.ready_type import ready

from .codec import convert
from .invalid import in_words
from .secret import Secret
from .settings import COMPOSE_PROFILE, LOCAL_PROFILE, VARIABLE, Settings, defaults_of

FILE_NAME: Final = "fraudwatch.toml"


class _File(msgspec.Struct, forbid_unknown_fields=True):
    profile: dict[str, dict[str, Any]] = {}


def load(
    profile: str = LOCAL_PROFILE,
    *,
    features: Iterable[Path] = (),
    environment: Mapping[str, str] | None = None,
    directories: tuple[Path, ...] | None = None,
) -> Settings:
    """Load the settings of one profile.

    Args:
        profile: The profile's name.
        features: Feature files that replace the configured ones.
        environment: Variables to read; the process environment when None.
        directories: Directories to look for `fraudwatch.toml` in, lowest precedence first.

    Raises:
        ConfigError: A file or variable is invalid, or there is no such profile.
    """
    environment = os.environ if environment is None else environment
    known = profiles(directories)
    if profile not in known:
        raise ConfigError(
            f"There is no profile named {profile!r}.", f"Known profiles: {', '.join(known)}."
        )
    values = defaults_of(
        profile,
        environment.get(f"{VARIABLE}_KAFKA_PORT") or "9092",
        environment.get(f"{VARIABLE}_FLINK_PORT") or "8081",
    )
    given: dict[str, Any] = {}
    for path in files(directories):
        _merge(given, _read(path).get(profile, {}))
    _merge(values, given)
    _merge(values, _from_environment(Settings, environment, VARIABLE))
    if own := [str(path) for path in features]:
        values["features"] = own
    return _with_directories(_settings(profile, values), shared="state_dir" not in given)


def profiles(directories: tuple[Path, ...] | None = None) -> tuple[str, ...]:
    """Return the names of all profiles, the built-in ones first.

    Raises:
        ConfigError: A file is invalid.
    """
    named = {name for path in files(directories) for name in _read(path)}
    own = (LOCAL_PROFILE, COMPOSE_PROFILE)
    return (*own, *sorted(named - set(own)))


def files(directories: tuple[Path, ...] | None = None) -> tuple[Path, ...]:
    """Return the settings files that exist, lowest precedence first.

    Args:
        directories: Where to look; when None, the user's configuration directory and the working
            directory.

    Raises:
        ConfigError: There is no working directory any more.
    """
    if directories is None:
        directories = (user_directory(), _working_directory())
    paths = (directory / FILE_NAME for directory in directories)
    return tuple(path for path in paths if path.exists() or path.is_symlink())


def files_with(profile: str, directories: tuple[Path, ...] | None = None) -> tuple[Path, ...]:
    """Return the settings files that define a profile, lowest precedence first.

    Raises:
        ConfigError: A file is invalid.
    """
    return tuple(path for path in files(directories) if profile in _read(path))


def user_directory() -> Path:
    """The user's configuration directory."""
    return user_config_path("fraudwatch")


def _working_directory() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise ConfigError(
            "The working directory does not exist any more.", "Change to another one."
        ) from error


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        # As some editors save it, it begins with a mark of the encoding.
        text = path.read_bytes().removeprefix(codecs.BOM_UTF8).decode()
        tables = tomllib.loads(text)
        if others := [name for name in tables if name not in _File.__struct_fields__]:
            raise ConfigError(
                f"{path} has {others[0]!r} outside of a profile.",
                "Put settings below a line such as [profile.local].",
            )
        return msgspec.convert(tables, ready(_File)).profile
    except msgspec.ValidationError as error:
        said = in_words(error, _File)
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        said = f"line {line} is not UTF-8"
    except RecursionError:
        said = "its brackets are nested too deeply"
    except (tomllib.TOMLDecodeError, OSError) as error:
        said = (error.strerror if isinstance(error, OSError) else str(error)) or "unknown error"
    raise ConfigError(f"{path} cannot be read: {said}.", "Correct the file.")


def _merge(values: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Merge `more` into `values`; tables such as `kafka` are merged key by key."""
    for name, value in more.items():
        if isinstance(value, Mapping) and isinstance(values.get(name), dict) and name != "topics":
            _merge(values[name], value)
        else:
            values[name] = dict(value) if isinstance(value, Mapping) else value


def _from_environment(kind: type, environment: Mapping[str, str], prefix: str) -> dict[str, Any]:
    """Return the settings in environment variables, shaped like a settings file."""
    values: dict[str, Any] = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        variable = f"{prefix}_{name.upper()}"
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            if inner := _from_environment(hint, environment, variable):
                values[name] = inner
        elif name != "profile" and environment.get(variable):
            values[name] = _parse(environment[variable], hint, variable)
    return values


def _parse(text: str, hint: Any, variable: str) -> Any:
    """Convert the text of a variable to the value that a settings file would hold."""
    if Secret in get_args(hint):
        # Secrets are read from their variable when needed, and never stored.
        return {"env": variable}
    return text.split(os.pathsep) if get_origin(hint) is tuple else text


def _settings(profile: str, values: dict[str, Any]) -> Settings:
    _refuse_unknown(profile, values, Settings)
    try:
        return convert(values | {"profile": profile})
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"The settings of profile {profile!r} are not valid: {in_words(error, Settings)}.",
            f"Look at {FILE_NAME} and the FRAUDWATCH_ variables.",
        ) from error


def _refuse_unknown(profile: str, values: Mapping[str, Any], kind: type, table: str = "") -> None:
    hints = get_type_hints(kind)
    for name, value in values.items():
        if name not in hints or name == "profile":
            alike = get_close_matches(name, hints, n=1)
            known = ", ".join(known for known in hints if known != "profile")
            meant = f"Perhaps it is {table}{alike[0]}." if alike else f"Known settings: {known}."
            raise ConfigError(
                f"Profile {profile!r} sets {table + name!r}, which is unknown.", meant
            )
        if isinstance(hints[name], type) and issubclass(hints[name], msgspec.Struct):
            if not isinstance(value, Mapping):
                raise ConfigError(
                    f"Profile {profile!r} sets {table + name!r} to {value!r}, but it must be a "
                    "table.",
                    f"Write [profile.{profile}.{table}{name}] and put its settings below that "
                    "line.",
                )
            _refuse_unknown(profile, value, hints[name], f"{table}{name}.")


def _with_directories(settings: Settings, *, shared: bool) -> Settings:
    """Give each profile that shares a state directory its own folder in it."""
    folder = settings.state_dir.expanduser().absolute()
    try:
        os.fsencode(folder).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"The name of the state directory is not UTF-8: {folder}.",
            "Choose another one by state_dir or FRAUDWATCH_STATE_DIR.",
        ) from error
    if shared and settings.profile != LOCAL_PROFILE:
        folder = folder / "profiles" / settings.profile
    return msgspec.structs.replace(
        settings, state_dir=folder, cache_dir=settings.cache_dir.expanduser().absolute()
    )
