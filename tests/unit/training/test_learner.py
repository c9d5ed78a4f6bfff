"""Training on the sample file: the model's expression scores as the trees that were trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.backtest.scored import score
from pipeline.cli.transactions import transactions_of
from pipeline.config import RuleSettings
from pipeline.errors import InputError
from pipeline.signals.model_signal import model_signal
from pipeline.signals.trees import read_model, write_model
from pipeline.training.examples import Examples, Floats, examples
from pipeline.training.learner import Learned, Shape, grower, learn
from pipeline.training.training_report import best_threshold, training_report

SHAPE = Shape(trees=12, depth=3)
FILE = "kaggle-layout-60-customers.csv.gz"


@pytest.fixture(scope="module")
def learned(
    sample_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Examples, Learned, Floats]:
    folder = tmp_path_factory.mktemp("train")
    with transactions_of([str(sample_data / FILE)], (), folder, lambda _: None) as connection:
        found = examples(connection)
        result = learn(found, SHAPE, best_threshold)
        write_model(result.model, folder / "m")
        signal = model_signal(read_model(folder / "m"), RuleSettings())
        scored = score(connection, signal, 0)
        rows = connection.execute(f"SELECT score FROM {scored.table}").fetchnumpy()["score"]
    return found, result, rows


def test_the_expression_scores_as_the_trees(
    learned: tuple[Examples, Learned, Floats],
) -> None:
    found, _, rows = learned
    grown = grower(SHAPE)(found.values, found.fraud)
    wanted = grown.predict_proba(found.values)[:, 1]
    assert np.allclose(np.sort(rows), np.sort(wanted), rtol=1e-9, atol=1e-12)


def test_it_is_judged_on_customers_that_it_has_not_seen(
    learned: tuple[Examples, Learned, Floats],
) -> None:
    found, result, _ = learned
    report = training_report(result, found, 10)
    assert len(report.average_precision) == 5
    assert 0.85 < min(report.average_precision) <= max(report.average_precision) <= 1
    assert report.average_precision_later is not None and report.average_precision_later > 0.8
    assert sum(each.transactions for each in report.calibration) == len(found.fraud) == 9_318
    assert sum(report.importance.values()) == pytest.approx(1.0)
    assert (report.cost.windows, report.cost.leaves) == (11, result.model.leaves)
    assert report.unseen.recall.of == 573
    assert 0 < result.model.threshold <= 1


def test_the_digest_does_not_depend_on_the_order_of_files(
    sample_data: Path, tmp_path: Path
) -> None:
    digests = []
    for name in (FILE, "sparkov-60-customers.csv.gz"):
        with transactions_of([str(sample_data / name)], (), tmp_path, lambda _: None) as found:
            digests.append(examples(found).digest)
    assert digests[0] == digests[1]


def test_too_little_fraud_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text(
        "trans_date_trans_time,cc_num,merchant,category,amt,first,last,zip,dob,trans_num,is_fraud\n"
        "2024-01-01 10:00:00,41,a,b,1.5,Ada,Reed,12345,1990-01-01,n1,1\n"
    )
    with (
        transactions_of([str(path)], (), tmp_path, lambda _: None) as connection,
        pytest.raises(InputError, match="1 transaction of 1 customer labelled fraud"),
    ):
        examples(connection)


@pytest.mark.parametrize(("trees", "depth"), [(0, 3), (100, 0), (200, 3), (2, 30)])
def test_a_size_that_flink_cannot_plan_is_refused(trees: int, depth: int) -> None:
    with pytest.raises(InputError, match="trees"):
        Shape(trees, depth)


def test_the_best_threshold_balances_precision_and_recall() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.3, 0.2])
    assert best_threshold(scores, np.array([1, 1, 1, 0, 0])) == 0.7
    assert best_threshold(scores, np.array([1, 0, 0, 0, 0])) == 0.9
