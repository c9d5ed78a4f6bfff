"""References to secrets: settings say where a secret is; it is read when it is needed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from pipeline.errors import ConfigError

_FORMS: Final = (
    'write { env = "VARIABLE" }, { file = "/path" } or { keyring = "service/user" } in its place'
)
_KINDS: Final = ("env", "file", "keyring")

HIDDEN: Final = "***"


class Secret:
    """A reference to a secret; the secret itself is never part of the settings.

    A plain class rather than a `msgspec.Struct` or dataclass, so that a secret written in place of
    a reference is refused with our message, which does not repeat it.

    Args:
        kind: `env` for an environment variable, `file` for a file (without its final newline),
            `keyring` for the system's keyring.
        place: The variable, the path, or `service/user`.
    """

    __slots__ = ("kind", "place")

    def __init__(self, kind: str, place: str) -> None:
        self.kind = kind
        self.place = place

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __repr__(self) -> str:
        return f"Secret({self})"

    @classmethod
    def of(cls, value: Any) -> Secret:
        """Parse the value of a setting.

        Raises:
            ValueError: It has none of the three forms. The message does not repeat it.
        """
        if isinstance(value, dict) and len(value) == 1:
            ((kind, place),) = value.items()
            if kind in _KINDS and isinstance(place, str) and place:
                return cls(kind, place)
        raise ValueError(f"a secret must not be written in the settings: {_FORMS}")

    def as_written(self) -> dict[str, str]:
        """Return the inline table that `of` parses."""
        return {self.kind: self.place}

    def __str__(self) -> str:
        return f"{self.kind} {self.place}"

    def reveal(self) -> str:
        """Read the secret.

        Raises:
            ConfigError: It is missing or cannot be read.
        """
        match self.kind:
            case "env":
                value = os.environ.get(self.place, "")
            case "file":
                value = self._from_file()
            case _:
                value = self._from_keyring()
        if not value:
            raise ConfigError(
                f"There is no secret in {self}.", "Put it there, or correct the setting."
            )
        return value

    def _from_file(self) -> str:
        try:
            return Path(self.place).expanduser().read_text().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise ConfigError(
                f"The secret in {self} cannot be read: {reason}.",
                "Correct the path or its permissions.",
            ) from error

    def _from_keyring(self) -> str:
        service, _, user = self.place.rpartition("/")
        try:
            import keyring

            return keyring.get_password(service, user) or ""
        except Exception as error:  # Backends raise exceptions of all kinds.
            raise ConfigError(
                f"The keyring cannot be read for {self.place}: {type(error).__name__}.",
                "Unlock it, or keep the secret in a file or a variable.",
            ) from error


def hide(_: Secret | str) -> str:
    """Placeholder for a secret in printed SQL."""
    return HIDDEN


def reveal(secret: Secret | str) -> str:
    """Read a secret.

    Raises:
        ConfigError: It is missing or cannot be read.
    """
    return secret.reveal() if isinstance(secret, Secret) else secret
