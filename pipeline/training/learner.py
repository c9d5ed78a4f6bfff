"""Trains gradient-boosted trees, and judges them on customers and times that they have not seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from pipeline.errors import InputError
from pipeline.signals.drift import spread
from pipeline.signals.trees import MOST_LEAVES, SCORE_SPREAD, Model, Training, Tree
from pipeline.text.words import counted

from .examples import Examples, Floats, Ints

FOLDS: Final = 5
_LATER: Final = 0.75
"""The share of the time after which transactions count as later ones."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Size of a model, and how it is grown.

    Attributes:
        trees: Number of trees.
        depth: Most comparisons from the root of a tree to a leaf.
        seed: Of the folds and of the trees.
    """

    trees: int = 100
    depth: int = 3
    seed: int = 1

    def __post_init__(self) -> None:
        if self.trees < 1 or self.depth < 1 or self.trees * 2**self.depth > MOST_LEAVES:
            fits = max(1, MOST_LEAVES // 2 ** max(1, min(self.depth, 9)))
            raise InputError(
                f"{counted(self.trees, 'tree')} of depth {self.depth} would have up to "
                f"{counted(self.trees * 2 ** max(0, self.depth), 'leaf', 'leaves')}, and Flink "
                f"plans {MOST_LEAVES:,} at most.",
                f"Use --trees {fits} with this depth, or a smaller --depth.",
            )


@dataclass(frozen=True, slots=True)
class Learned:
    """A model, and its scores of customers that it was not trained on.

    Attributes:
        model: Trained on all examples.
        unseen: A score for each example, by a model that was trained without its customer.
        later: Indices of the later examples, and their scores by a model that was trained on
            earlier transactions of other customers.
    """

    model: Model
    unseen: Floats
    later: tuple[Ints, Floats] = field(default_factory=lambda: (np.array([], int), np.array([])))


def learn(
    examples: Examples,
    shape: Shape,
    threshold: Callable[[Floats, Ints], float],
    report: Callable[[str], None] = lambda _: None,
) -> Learned:
    """Train a model.

    Args:
        examples: What to train on.
        shape: Size of the model.
        threshold: Chooses the threshold, given scores of unseen customers and the labels.
        report: Called with what is being done.

    Raises:
        InputError: scikit-learn is not installed.
    """
    grow = grower(shape)
    values, fraud = examples.values, examples.fraud
    unseen = np.empty(len(fraud))
    cut = np.quantile(examples.times, _LATER)
    late = examples.times > cut
    later = np.full(len(fraud), np.nan)
    precision = []
    for number, (train, test) in enumerate(_folds(examples.users, shape.seed), 1):
        report(f"training without a fifth of the customers, {number} of {FOLDS}")
        unseen[test] = _scores(grow(values[train], fraud[train]), values[test])
        precision.append(average_precision(fraud[test], unseen[test]))
        early, tested = train[~late[train]], test[late[test]]
        if fraud[early].any() and len(tested):
            later[tested] = _scores(grow(values[early], fraud[early]), values[tested])
    report("training on all customers")
    grown = grow(values, fraud)
    judged = np.flatnonzero(~np.isnan(later))
    return Learned(
        Model(
            inputs=examples.inputs,
            base=float(grown._baseline_prediction.ravel()[0]),
            trees=tuple(_tree(predictors[0].nodes) for predictors in grown._predictors),
            threshold=threshold(unseen, fraud),
            training=Training(
                digest=examples.digest,
                transactions=len(fraud),
                fraud=int(fraud.sum()),
                customers=len(np.unique(examples.users)),
                earliest=str(examples.earliest),
                latest=str(examples.latest),
                average_precision=tuple(p for p in precision if p is not None),
                average_precision_later=average_precision(fraud[judged], later[judged]),
                importance=_importance(grown, examples.inputs),
            ),
            spreads={name: spread(values[:, n]) for n, name in enumerate(examples.inputs)}
            | {SCORE_SPREAD: spread(unseen)},
        ),
        unseen,
        (judged, later[judged]),
    )


def average_precision(fraud: Ints, scores: Floats) -> float | None:
    """Area under the curve of precision over recall; None without fraud."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(fraud, scores)) if fraud.any() else None


def grower(shape: Shape) -> Callable[[Floats, Ints], Any]:
    """Return what grows trees of this shape, given inputs and labels.

    Raises:
        InputError: scikit-learn is not installed.
    """
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits
    except ModuleNotFoundError as error:
        raise InputError(
            "scikit-learn, which trains models, is not installed.",
            "Install it with `pip install 'fraudwatch[train]'`.",
        ) from error

    def grow(values: Floats, fraud: Ints) -> Any:
        trees = HistGradientBoostingClassifier(
            max_iter=shape.trees,
            max_depth=shape.depth,
            max_leaf_nodes=None,
            learning_rate=0.2,
            l2_regularization=1.0,
            early_stopping=False,
            random_state=shape.seed,
        )
        # Threads that spin while they wait for each other take minutes on a busy machine.
        with threadpool_limits(1, user_api="openmp"):
            return trees.fit(values, fraud)

    return grow


def _scores(grown: Any, values: Floats) -> Floats:
    return np.asarray(grown.predict_proba(values)[:, 1], np.float64)


def _folds(users: Ints, seed: int) -> Iterator[tuple[Ints, Ints]]:
    """Yield indices to train on and to test on, without a customer in both."""
    from sklearn.model_selection import GroupKFold

    folds = GroupKFold(FOLDS, shuffle=True, random_state=seed)
    yield from folds.split(users, groups=users)


def _tree(nodes: Any) -> Tree:
    leaf = nodes["is_leaf"].astype(bool)

    def inner(name: str) -> tuple[int, ...]:
        return tuple(np.where(leaf, -1, nodes[name].astype(np.int64)).tolist())

    return Tree(
        input=inner("feature_idx"),
        limit=tuple(np.where(leaf, 0.0, nodes["num_threshold"]).tolist()),
        left=inner("left"),
        right=inner("right"),
        null_left=tuple(nodes["missing_go_to_left"].astype(bool).tolist()),
        value=tuple(np.where(leaf, nodes["value"], 0.0).tolist()),
    )


def _importance(grown: Any, inputs: tuple[str, ...]) -> dict[str, float]:
    """The share of each input in what the comparisons of all trees gain, largest first."""
    gains = np.zeros(len(inputs))
    for predictors in grown._predictors:
        nodes = predictors[0].nodes
        inner = nodes["is_leaf"] == 0
        np.add.at(gains, nodes["feature_idx"][inner], nodes["gain"][inner])
    total = gains.sum() or 1.0
    order = np.argsort(-gains, kind="stable")
    return {inputs[at]: float(gains[at] / total) for at in order if gains[at] > 0}
