"""Images with the official names, for machines without access to an image registry.

They are made from Debian's packages, the apache-flink wheel and the jars of the local stack, with
the same users, folders, commands and variables as the official ones, as far as docker-compose.yml
uses them.
"""

from __future__ import annotations

import hashlib
import ssl
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline import config
from pipeline.stack.local import jars
from pipeline.stack.local.cluster import wheel_lib

from .engine import Engine
from .packages import CannotRunError

_FOLDER = Path(__file__).parent / "stand_ins"
_LABEL = "fraudwatch.content"
_SUITE = "bookworm"
_ROOTS = {
    "python": ("ca-certificates", "python3", "python3-pip", "python3-venv"),
    "java": ("ca-certificates", "gettext-base", "hostname", "openjdk-17-jre-headless"),
}
_LOGGING = ("log4j-api", "log4j-core", "log4j-slf4j-impl")


def build(engine: Engine, images: Mapping[str, str]) -> None:
    """Make the images that are missing or whose contents have changed.

    Args:
        engine: Engine that stores them.
        images: Names of the images of `python`, `kafka` and `flink`.

    Raises:
        CannotRunError: Debian's packages are not available.
    """
    # Images that were not used for a week, such as those of former versions.
    engine.run("podman", "image", "prune", "--force", "--filter", "until=168h")
    for name, packages in _ROOTS.items():
        _build_root(engine, f"stand-in-debian-{name}", packages)
    with TemporaryDirectory(prefix="stand-ins-") as folder:
        certificates = Path(folder) / "certificates"
        certificates.mkdir()
        trusted = ssl.get_default_verify_paths().cafile or ""
        (certificates / "ca-certificates.crt").write_bytes(Path(trusted).read_bytes())
        kafka = Path(folder) / "kafka"
        _lay_out_kafka(kafka)
        _build_image(engine, images["python"], "python", {"certificates": certificates})
        _build_image(engine, images["kafka"], "kafka", {"jars": kafka})
        distribution = {name: wheel_lib().parent / name for name in ("bin", "conf", "lib")}
        _build_image(engine, images["flink"], "flink", distribution)


def _lay_out_kafka(folder: Path) -> None:
    cache = config.load().jars_dir
    wanted = jars.manifest().kafka
    jars.fetch(wanted, cache)
    folder.mkdir()
    logging = [path for name in _LOGGING for path in wheel_lib().glob(f"{name}-[0-9]*.jar")]
    for path in [*(cache / jar.file_name for jar in wanted), *logging]:
        (folder / path.name).write_bytes(path.read_bytes())


def _build_root(engine: Engine, image: str, packages: tuple[str, ...]) -> None:
    content = _digest(image, _SUITE, *packages)
    if _content(engine, image) == content:
        return
    make = ("mmdebstrap", "--variant=minbase", f"--include={','.join(packages)}", _SUITE)
    with TemporaryDirectory(prefix="root-") as folder:
        archive = Path(folder) / "root.tar"
        done = engine.run(*make, archive, f"deb {_mirror()} {_SUITE} main", check=False)
        if done.returncode != 0:
            raise CannotRunError(f"Debian's packages cannot be had: {done.stderr.strip()[-300:]}")
        engine.run("podman", "import", "--change", f"LABEL={_LABEL}={content}", archive, image)


def _mirror() -> str:
    """The mirror from which this machine gets Debian's packages."""
    asked = (
        "apt-get",
        "indextargets",
        "--format",
        "$(REPO_URI)",
        "Origin: Debian",
        "Label: Debian",
    )
    answer = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
    if not answer:
        raise CannotRunError("apt knows no source of Debian's packages")
    return answer[0]


def _build_image(engine: Engine, image: str, name: str, contexts: Mapping[str, Path]) -> None:
    dockerfile = _FOLDER / f"{name}.Dockerfile"
    base = dockerfile.read_text().split("FROM ", 1)[1].split()[0]
    content = _digest(
        _content(engine, base),
        *(path.read_text() for path in sorted(_FOLDER.iterdir())),
        *(_inventory(path) for path in contexts.values()),
    )
    if _content(engine, image) == content:
        return
    given = [f"--build-context={key}={path}" for key, path in contexts.items()]
    labels = ("--label", f"{_LABEL}={content}")
    engine.run("podman", "build", "-t", image, "-f", dockerfile, *labels, *given, _FOLDER)


def _inventory(folder: Path) -> str:
    """Names and sizes; a jar's name has its version."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return "\n".join(f"{path.relative_to(folder)} {path.stat().st_size}" for path in files)


def _content(engine: Engine, image: str) -> str:
    label = f'{{{{ index .Labels "{_LABEL}" }}}}'
    return engine.run(
        *("podman", "image", "inspect", "--format", label, image), check=False
    ).stdout.strip()


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
