"""`init` and `profiles`: writes a settings file, and checks whether profiles work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import Parameter

from pipeline import config, private_file
from pipeline.checks.connectivity import Connectivity, check_profiles
from pipeline.errors import InputError
from pipeline.model.stack import Health
from pipeline.text.sanitise import sanitised

from .common import Json, print_json, print_table

_YES_OR_NO: Final = {True: "yes", False: "no", None: "?"}


def init(
    *,
    user: Annotated[bool, Parameter(negative="")] = False,
    force: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Write a `fraudwatch.toml` that lists every setting and sets nothing.

    Args:
        user: Write it to the user's configuration directory, not to the working directory.
        force: Replace an existing file.
    """
    # Imported here, since only this command needs it.
    from pipeline.config.template import starting_file

    path = (config.user_directory() if user else Path.cwd()) / config.FILE_NAME
    data = starting_file().encode()
    if user:
        private_file.make_directory(path.parent)
    if force:
        private_file.write(path, data)
    else:
        try:
            private_file.create(path, data)
        except FileExistsError as error:
            raise InputError(f"{path} already exists.", "`--force` replaces it.") from error
    print(f"Wrote {sanitised(str(path))}; nothing is set in it yet.")
    return 0


def profiles(*, json: Json = False) -> int:
    """List the profiles, and check whether their Kafka and Flink answer.

    The exit code is 0 also when some do not; `doctor --profile NAME` says more about one.
    """
    found = check_profiles(config.profiles())
    if json:
        print_json([_object(profile) for profile in found])
        return 0
    rows = [
        (
            profile.profile,
            _part(profile.kafka, profile.kafka_health),
            _part(profile.flink, profile.flink_health),
            _YES_OR_NO[profile.sandbox],
            _YES_OR_NO[profile.built_in],
            ", ".join(map(str, profile.files)) or "built in",
        )
        for profile in found
    ]
    header = ("PROFILE", "KAFKA", "FLINK", "SANDBOX", "BUILT-IN", "FROM")
    print_table(header, [[sanitised(cell) for cell in row] for row in rows])
    for profile in found:
        for problem in profile.problems:
            print(sanitised(f"{profile.profile}: {problem}"))
    return 0


def _part(address: str, health: Health | None) -> str:
    return "?" if health is None else f"{health.value} {address}".rstrip()


def _object(profile: Connectivity) -> dict[str, Any]:
    return {
        "name": profile.profile,
        "files": list(map(str, profile.files)),
        "sandbox": profile.sandbox,
        "built_in": profile.built_in,
        "kafka": {"health": profile.kafka_health, "bootstrap": profile.kafka},
        "flink": {"health": profile.flink_health, "rest": profile.flink},
        "problems": list(profile.problems),
    }
