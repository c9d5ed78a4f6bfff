"""The model that the signal `model` of a profile computes; it stays until another one is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline import private_file
from pipeline.config import Settings
from pipeline.errors import ConfigError, PipelineError
from pipeline.signals.model_signal import NAME
from pipeline.signals.thresholds import Thresholds
from pipeline.signals.trees import read_model


@contextmanager
def installed(path: Path | None, settings: Settings, jobs: Sequence[str]) -> Iterator[None]:
    """Install a model for what runs in the context; if that fails, the one before is back.

    Args:
        path: The model's file; None to keep the present one.
        settings: Settings of the profile.
        jobs: The jobs that are about to start.

    Raises:
        ConfigError: The job of the model is not among them.
        InputError: The file holds no model that can run.
    """
    target = settings.model_file
    if path is None:
        if NAME in jobs and not target.is_file():
            raise ConfigError(
                "There is no model yet.",
                "Train one with `fraudwatch train FILE --out fraud.model`, and name it: "
                "`fraudwatch start model --model fraud.model`.",
            )
        yield
        return
    if NAME not in jobs:
        raise ConfigError(
            f"--model is for the job {NAME!r}.", f"Start it by `fraudwatch start {NAME}`."
        )
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
    Thresholds(settings.thresholds_file).forget(NAME)
