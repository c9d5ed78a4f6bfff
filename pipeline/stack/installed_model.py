"""The models that a profile's signals `model` and `shadow` compute, until others are named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline import private_file
from pipeline.config import Settings
from pipeline.errors import ConfigError, PipelineError
from pipeline.signals.model_signal import NAME, SHADOW
from pipeline.signals.thresholds import Thresholds
from pipeline.signals.trees import read_model


def model_files(settings: Settings) -> dict[str, Path]:
    """Return where the model of each signal of a model is installed, by the signal's name."""
    return {NAME: settings.model_file, SHADOW: settings.shadow_file}


@contextmanager
def installed(path: Path | None, settings: Settings, jobs: Sequence[str]) -> Iterator[None]:
    """Install a model for what runs in the context; if that fails, the one before is back.

    Args:
        path: The model's file; None to keep the present one.
        settings: Settings of the profile.
        jobs: The jobs that are about to start.

    Raises:
        ConfigError: Not exactly one job of a model is among them.
        InputError: The file holds no model that can run.
    """
    named = [name for name in model_files(settings) if name in jobs]
    if path is None:
        for name in named:
            _require_installed(name, settings)
        yield
        return
    if len(named) != 1:
        raise ConfigError(
            f"--model is for one of the jobs {NAME!r} and {SHADOW!r}.",
            f"Start it by `fraudwatch start {NAME}`.",
        )
    (name,) = named
    target = model_files(settings)[name]
    read_model(path)
    before = target.read_bytes() if target.is_file() else None
    private_file.make_directory(target.parent)
    private_file.write(target, path.read_bytes())
    try:
        yield
    except (PipelineError, KeyboardInterrupt):
        if before is None:
            target.unlink()
        else:
            private_file.write(target, before)
        raise
    # Scores of different models are not alike.
    Thresholds(settings.thresholds_file).forget(name)


def _require_installed(name: str, settings: Settings) -> None:
    if not model_files(settings)[name].is_file():
        raise ConfigError(
            f"There is no {'model' if name == NAME else 'model for the shadow'} yet.",
            "Train one with `fraudwatch train FILE --out fraud.model`, and name it: "
            f"`fraudwatch start {name} --model fraud.model`.",
        )
