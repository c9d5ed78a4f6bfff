"""Packages that have to be installed: a container engine, Compose, and mmdebstrap."""

from __future__ import annotations

import os
import shutil
import subprocess

# The command that shows whether a package is installed, and the package.
_PACKAGES = {
    "podman": "podman",
    # Of the two runtimes, the one that supports every kind of control groups.
    "runc": "runc",
    "iptables": "iptables",
    "docker-compose": "docker-compose",
    "mmdebstrap": "mmdebstrap",
}
_NETWORK = {"netavark": "netavark", "aardvark-dns": "aardvark-dns"}
_NETWORK_PATH = os.pathsep.join(("/usr/lib/podman", "/usr/libexec/podman"))


class CannotRunError(Exception):
    """Why containers cannot run on this machine."""


def install() -> None:
    """Install the missing packages.

    Raises:
        CannotRunError: This is not Debian, its user is not root, or a package is not available.
    """
    wanted = missing()
    if not wanted:
        return
    if shutil.which("apt-get") is None:
        raise CannotRunError(f"{', '.join(wanted)} missing, and this is no Debian")
    if os.geteuid() != 0:
        raise CannotRunError(f"{', '.join(wanted)} missing, and only root may install them")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ("apt-get", "--quiet", "update"),
        ("apt-get", "--quiet", "install", "--yes", "--no-install-recommends", *wanted),
    ):
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=600
        )
        if done.returncode != 0:
            raise CannotRunError(f"{' '.join(command)} failed: {done.stderr.strip()[-300:]}")


def missing() -> list[str]:
    """The packages that are not installed."""
    sbin = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
    found = [name for command, name in _PACKAGES.items() if not shutil.which(command, path=sbin)]
    return found + [
        name for command, name in _NETWORK.items() if not shutil.which(command, path=_NETWORK_PATH)
    ]
