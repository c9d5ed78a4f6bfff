"""Prints the steps of a start, one line each."""

from __future__ import annotations

from pipeline.model.stack import Step, StepState

from .common import say


class StepLines:
    """Prints each step when it is done or has failed, and on a terminal its progress."""

    def __init__(self) -> None:
        self._told: dict[str, Step] = {}

    def __call__(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            before = self._told.get(step.key)
            self._told[step.key] = step
            if before is not None and before.state is step.state:
                if step.state is StepState.RUNNING and step.detail != before.detail:
                    say(f"  … {step.title}: {step.detail}", over=True)
            elif step.state is StepState.DONE:
                detail = f"  {step.detail}" if step.detail else ""
                say(f"  ✓ {step.title:<24} {step.seconds:5.1f} s{detail}")
            elif step.state is StepState.FAILED:
                say(f"  ✗ {step.title:<24} {step.detail}")

    @property
    def failed(self) -> bool:
        """Whether any step has failed."""
        return any(step.state is StepState.FAILED for step in self._told.values())
