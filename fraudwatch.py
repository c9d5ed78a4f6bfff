"""What a features file, a script or a notebook needs of fraudwatch; everything else is internal.

A features file needs `feature`, and `source` for a stream of its own. A script starts the stack of
a profile, or attaches to it:

    from contextlib import closing
    from fraudwatch import Runtime, load

    with closing(Runtime(load())) as runtime:
        runtime.bring_up()
        print(runtime.verify("rolling").proved)
"""

from __future__ import annotations

from pathlib import Path

try:
    from pipeline.config import Settings, load
    from pipeline.errors import PipelineError
    from pipeline.features import Feature, feature
    from pipeline.holding.checked import check
    from pipeline.model.jobs import JobStatus
    from pipeline.model.stack import StackStatus
    from pipeline.parity.report import Parity
    from pipeline.signals import Signal, signal
    from pipeline.sources import Source, source
    from pipeline.stack.runtime import Runtime
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "pipeline":
        raise
    import pipeline

    hidden_by = Path(next(iter(pipeline.__path__)))
    raise ImportError(
        f"The package {hidden_by} hides fraudwatch's own package `pipeline`. "
        "Run Python in another directory, or give yours another name."
    ) from error

__all__ = [
    "Feature",
    "JobStatus",
    "Parity",
    "PipelineError",
    "Runtime",
    "Settings",
    "Signal",
    "Source",
    "StackStatus",
    "check",
    "feature",
    "load",
    "signal",
    "source",
]
