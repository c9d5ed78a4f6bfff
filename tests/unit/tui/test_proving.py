"""Proofs in the console: asked for with a key, in progress, found, and past after a restart."""

from dataclasses import replace

import msgspec
import pytest

from pipeline.errors import UnavailableError
from pipeline.model.stack import StackStatus
from pipeline.proof import Outcome, Proof
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import JOBS, STATUS, FakeBackend
from tests.snapshot.sample_findings import PROOF
from tests.snapshot.sample_rows import NOW, live_batch
from tests.snapshot.stage import Stage
from tests.snapshot.test_job import open_job
from tui.metrics.families import families
from tui.session.view import JobLine, View

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
RUNS = replace(STATUS, jobs=tuple(replace(job, run=f"{job.job_id}@1") for job in JOBS))


def stage(proof: Proof | Exception = PROOF, stack: StackStatus = RUNS) -> Stage:
    return Stage(source=FakeSource(live_batch()), backend=FakeBackend(stack, proof=proof))


@SIZES
async def test_the_selected_job_is_proved(size: tuple[int, int]) -> None:
    shown = stage()
    async with shown.app.run_test(size=size, notifications=True) as pilot:
        await shown.live(pilot)
        shown.backend.gate.clear()
        await pilot.press("1", "V")
        await shown.shows(pilot, "… proving")
        shown.backend.gate.set()
        await shown.shows(pilot, "✓")
        await shown.toasts(pilot, "rolling ✓ 9,317 rows proved.")
        assert shown.backend.calls.count("prove rolling") == 1


async def test_every_job_is_proved_one_after_the_other() -> None:
    shown = stage()
    async with shown.app.run_test(size=(120, 40), notifications=True) as pilot:
        await shown.live(pilot)
        shown.backend.gate.clear()
        await pilot.press("1", "f5")
        await pilot.press("V")
        await shown.toasts(pilot, "rolling is being proved already.")
        shown.backend.gate.set()
        wanted = [f"prove {job.name}" for job in JOBS]
        await shown.wait(pilot, lambda: shown.backend.calls[-len(wanted) :] == wanted)


@pytest.mark.parametrize(
    ("proof", "said"),
    [
        (Proof(outcome=Outcome.WRONG, rows=9_314, wrong=3, at=NOW), "rolling ✗ 3 differ."),
        (
            Proof(outcome=Outcome.NOT_JUDGED, rows=0, wrong=0, at=NOW, reasons=("it lags",)),
            "rolling ? not judged: it lags.",
        ),
        (UnavailableError("Kafka is away."), "rolling is not proved: Kafka is away."),
    ],
)
async def test_what_is_not_proved_is_said(proof: Proof | Exception, said: str) -> None:
    shown = stage(proof)
    async with shown.app.run_test(size=(120, 40), notifications=True) as pilot:
        await shown.live(pilot)
        await pilot.press("1", "V")
        await shown.toasts(pilot, said)


async def test_the_job_screen_proves_and_shows_it() -> None:
    shown = stage()
    async with shown.app.run_test(size=(120, 40), notifications=True) as pilot:
        await open_job(shown, pilot, "V")
        await shown.shows(pilot, "✓ 9,317 rows proved, 40 s ago")


async def test_a_narrow_panel_says_when_rather_than_how_many() -> None:
    proofs = {job.name: msgspec.structs.replace(PROOF, run=job.run) for job in RUNS.jobs}
    jobs = tuple(replace(job, proof=proofs[job.name]) for job in RUNS.jobs)
    shown = stage(stack=replace(RUNS, jobs=jobs))
    async with shown.app.run_test(size=(120, 40)) as pilot:
        await shown.live(pilot)
        await shown.shows(pilot, "✓ 40 s ago")


async def test_a_proof_is_past_after_a_restart() -> None:
    jobs = tuple(replace(job, proof=msgspec.structs.replace(PROOF, run="old")) for job in RUNS.jobs)
    shown = stage(stack=replace(RUNS, jobs=jobs))
    async with shown.app.run_test(size=(120, 40), notifications=True) as pilot:
        await shown.live(pilot)
        await shown.shows(pilot, "not proved")
        await open_job(shown, pilot)
        await shown.shows(pilot, "not proved since it restarted")


async def test_a_stopped_job_says_what_it_resumes_from() -> None:
    jobs = tuple(replace(job, proof=PROOF) for job in RUNS.jobs)
    shown = stage(stack=replace(RUNS, jobs=jobs))
    async with shown.app.run_test(size=(120, 40), notifications=True) as pilot:
        await open_job(shown, pilot, "x")
        await shown.shows(pilot, "its state is saved")
        await shown.pass_time(pilot, 10)
        await shown.shows(pilot, "stopped", "state saved 10 s ago")


def test_proofs_are_metrics() -> None:
    current = msgspec.structs.replace(PROOF, run="a1@1")
    lines = (
        JobLine(replace(RUNS.jobs[0], proof=current)),
        JobLine(replace(RUNS.jobs[1], proof=msgspec.structs.replace(PROOF, run="old"))),
        JobLine(RUNS.jobs[2]),
    )
    samples = {
        (sample.name, sample.labels.get("job")): sample.value
        for family in families(View(now=NOW, jobs=lines))
        for sample in family.samples
        if "_proof_" in sample.name or "_proved" in sample.name
    }
    assert samples == {
        ("fraudwatch_console_job_proved", "rolling"): 1.0,
        ("fraudwatch_console_job_proof_age_seconds", "rolling"): 40.0,
        ("fraudwatch_console_job_proof_age_seconds", "tumbling"): 40.0,
    }
