"""`train`: a model of fraud from files of transactions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from pipeline.errors import ConfigError
from pipeline.text.words import counted

from .common import Common, Json, Mappings, print_json, print_table, say
from .terminal import takes

if TYPE_CHECKING:
    from pipeline.signals.trees import Model
    from pipeline.training.training_report import TrainingReport

_SHOWN_INPUTS: Final = 12
_BAR_CELLS: Final = 30
_PLOT_SIZE: Final = (64, 16)
# One of the characters that plots in braille consist of.
_DOTS: Final = "⣿"


def train(
    *files: str,
    out: Path,
    trees: int = 100,
    depth: int = 3,
    budget: int = 10,
    seed: int = 1,
    labels: Annotated[bool, Parameter(negative="")] = False,
    mapping: Mappings = (),
    json: Json = False,
    common: Common = Common(),
) -> int:
    """Train a model on labelled transactions, and judge it on customers that it has not seen.

    The inputs are computed point in time on DuckDB, by the expression that runs on Flink. Needs
    scikit-learn: pip install 'fraudwatch[train]'.

    Args:
        files: CSV, JSON or Parquet, also packed; patterns in quotes.
        out: The file of the model; `fraudwatch start model --model FILE` runs it.
        trees: How many trees.
        depth: Most comparisons in a tree, from its root to a leaf.
        budget: How many alerts a day can be looked at.
        seed: Of what is random.
        labels: Labels and verdicts of the profile's topics count more than a transaction's own,
            and a transaction younger than maturity_days is not learned from.
        mapping: Which column, or DuckDB expression, is a field: amt=Amount; may be repeated.
    """
    from pipeline.signals.trees import write_model
    from pipeline.sources import TRANSACTION
    from pipeline.training.examples import examples
    from pipeline.training.learner import Shape, learn
    from pipeline.training.training_report import best_threshold, training_report

    from .transactions import relabelled, transactions_of

    shape = Shape(trees, depth, seed)
    if budget < 1:
        raise ConfigError(f"--budget {budget} is not valid.", "Use a number from 1.")
    if out.is_dir() or not out.absolute().parent.is_dir():
        # Before the training, which takes a while.
        raise ConfigError(f"{out} cannot be written.", "Name a file in a folder that exists.")

    def report(line: str) -> None:
        say(f"  … {line}", over=True)

    with transactions_of(files, mapping, common.settings.state_dir, report) as connection:
        if labels:
            relabelled(connection, TRANSACTION, common)
        report("computing the inputs")
        found = examples(connection)
    learned = learn(found, shape, best_threshold, report)
    write_model(learned.model, out)
    result = training_report(learned, found, budget)
    say("", over=True)
    if json:
        print_json(_object(result, learned.model, out))
    else:
        for line in _lines(result, learned.model, out):
            print(line)
    return 0


def _object(report: TrainingReport, model: Model, out: Path) -> dict[str, object]:
    import msgspec

    from pipeline.backtest.figures import plain

    return {
        "model": str(out),
        "threshold": model.threshold,
        **msgspec.to_builtins(report),
        "unseen": plain(report.unseen),
        "training": msgspec.to_builtins(model.training),
    }


def _lines(report: TrainingReport, model: Model, out: Path) -> Iterator[str]:
    from pipeline.backtest.in_words import number, ratio_in_words

    of, unseen = model.training, report.unseen
    yield (
        f"{counted(of.transactions, 'transaction')} of {counted(of.customers, 'customer')}, "
        f"{of.fraud:,} of them fraud."
    )
    yield ""
    yield "On customers that the model was not trained on:"
    folds = report.average_precision
    spread = f"{min(folds):.3f} to {max(folds):.3f}, by fifths of the customers" if folds else ""
    yield f"  average precision  {number(unseen.average_precision, 3)}  {spread}"
    later = number(report.average_precision_later, 3)
    yield f"  … of later times   {later}  on the last quarter of the time"
    yield f"  at a score of {model.threshold:g}: precision {ratio_in_words(unseen.precision)}"
    yield f"{'':19}recall {ratio_in_words(unseen.recall)}"
    yield (
        f"  {unseen.budget} highest scores a day: precision "
        f"{ratio_in_words(unseen.precision_in_budget)}"
    )
    yield ""
    yield from _curve(report)
    yield ""
    yield "Calibration: a score should be the share of fraud."
    print_table(
        ("SCORE", "TRANSACTIONS", "MEAN SCORE", "FRAUD"),
        [
            (f"{b.low:.1f} to {b.high:.1f}", f"{b.transactions:,}", f"{b.mean_score:.3f}",
             f"{b.fraud:.3f}")
            for b in report.calibration
        ],
        right=(1, 2, 3),
    )  # fmt: skip
    yield ""
    yield "Inputs by what they contribute:"
    widest = max(report.importance.values(), default=1.0)
    for name, share in list(report.importance.items())[:_SHOWN_INPUTS]:
        yield f"  {name:30} {share:6.1%}  {'█' * round(_BAR_CELLS * share / widest)}"
    cost = report.cost
    yield ""
    yield (
        f"In Flink: {counted(cost.windows, 'window')}, {counted(len(model.trees), 'tree')} with "
        f"{counted(cost.leaves, 'leaf', 'leaves')}, "
        f"{cost.sql_characters / 1000:,.0f} kB of SQL."
    )
    yield f"{out} is written; `fraudwatch start model --model {out}` runs it."


def _curve(report: TrainingReport) -> Iterator[str]:
    import plotext

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(*_PLOT_SIZE)
    plotext.title("precision by recall, unseen customers")
    plotext.plot(
        [recall for recall, _ in report.curve],
        [precision for _, precision in report.curve],
        marker="braille" if takes(_DOTS) else "*",
    )
    plotext.ylim(0, 1)
    plotext.xlim(0, 1)
    yield from plotext.uncolorize(plotext.build()).rstrip().split("\n")
