"""The last proof of each job: kept, forgotten, past after a restart, and told in a few words."""

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.model.jobs import JobState, JobStatus
from pipeline.proof import Outcome, Proof, Proofs

PROOF = Proof(outcome=Outcome.PROVED, rows=9_317, wrong=0, at=1_700_000_000.0, run="a@1")


def test_the_last_proof_of_each_job_is_kept(tmp_path: Path) -> None:
    proofs = Proofs(tmp_path / "proofs.json")
    assert proofs.last() == {}
    proofs.keep("rolling", PROOF)
    wrong = Proof(outcome=Outcome.WRONG, rows=10, wrong=3, at=1.0, reasons=("a", "b"))
    proofs.keep("tumbling", wrong)
    proofs.keep("tumbling", wrong)
    assert Proofs(tmp_path / "proofs.json").last() == {"rolling": PROOF, "tumbling": wrong}
    proofs.forget(["rolling", "flagged"])
    assert proofs.last() == {"tumbling": wrong}


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "proofs.json").write_text('{"rolling": {"outcome": "fine"}}')
    with pytest.raises(InputError, match="is damaged"):
        Proofs(tmp_path / "proofs.json").last()


@pytest.mark.parametrize(
    ("run", "proof", "past"),
    [
        ("a@1", PROOF, False),
        ("a@2", PROOF, True),
        ("b@1", PROOF, True),
        ("", PROOF, False),
        ("a@1", None, False),
    ],
)
def test_a_proof_is_past_once_the_job_was_restarted(
    run: str, proof: Proof | None, past: bool
) -> None:
    job = JobStatus("rolling", JobState.RUNNING, "topic", run=run, proof=proof)
    assert job.proof_is_past == past


@pytest.mark.parametrize(
    ("proof", "said"),
    [
        (PROOF, "✓ 9,317 rows proved"),
        (Proof(outcome=Outcome.PROVED, rows=1, wrong=0, at=0), "✓ 1 row proved"),
        (Proof(outcome=Outcome.WRONG, rows=9, wrong=3, at=0), "✗ 3 differ"),
        (Proof(outcome=Outcome.WRONG, rows=9, wrong=1, at=0), "✗ 1 differs"),
        (Proof(outcome=Outcome.NOT_JUDGED, rows=9, wrong=0, at=0), "? not judged"),
    ],
)
def test_what_was_found_in_a_few_words(proof: Proof, said: str) -> None:
    assert proof.summary == said


def test_the_worst_of_several_outcomes() -> None:
    assert Outcome.of_all([]) is Outcome.NOT_JUDGED
    assert Outcome.of_all([Outcome.PROVED, Outcome.PROVED]) is Outcome.PROVED
    assert Outcome.of_all([Outcome.PROVED, Outcome.NOT_JUDGED]) is Outcome.NOT_JUDGED
    assert Outcome.of_all([Outcome.WRONG, Outcome.NOT_JUDGED]) is Outcome.WRONG
    assert [each.exit_code for each in Outcome] == [0, 6, 1]
