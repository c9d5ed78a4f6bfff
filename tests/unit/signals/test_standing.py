"""Which signal is live, and since when a signal computes what it computes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import InputError, JobError
from pipeline.signals.standing import Standing, Standings, What


@pytest.fixture
def standings(tmp_path: Path) -> Standings:
    return Standings(tmp_path / "a state" / "signals.json")


def test_nothing_is_live_at_first(standings: Standings) -> None:
    assert standings.now() == Standing()
    with pytest.raises(JobError, match="No other signal was live before"):
        standings.roll_back("ann", 1.0)
    assert standings.now() == Standing()


def test_a_promotion_is_taken_back(standings: Standings) -> None:
    standings.promote("rules", "ann", 1.0)
    with pytest.raises(JobError):
        standings.roll_back("ann", 2.0)
    assert standings.promote("model", "ann", 3.0).live == "model"
    assert standings.roll_back("bob", 4.0).live == "rules"
    assert standings.roll_back("bob", 5.0).live == "model"
    found = standings.now().changes
    assert [(each.what, each.signal, each.before) for each in found] == [
        (What.PROMOTED, "rules", ""),
        (What.PROMOTED, "model", "rules"),
        (What.ROLLED_BACK, "rules", "model"),
        (What.ROLLED_BACK, "model", "rules"),
    ]
    assert [each.by for each in found] == ["ann", "ann", "bob", "bob"]


def test_the_first_promotion_can_be_taken_back(standings: Standings) -> None:
    standings.promote("model", "ann", 1.0, first="rules")
    assert standings.roll_back("ann", 2.0).live == "rules"


def test_statistics_begin_again_with_another_definition_only(standings: Standings) -> None:
    standings.define("model", "d1", "ann", 10.0)
    assert standings.now().since("model") is None
    standings.define("model", "d1", "ann", 20.0)
    assert len(standings.now().changes) == 1
    standings.define("rules", "r1", "ann", 25.0)
    standings.promote("model", "ann", 28.0)
    standings.define("model", "d2", "ann", 30.0)
    now = standings.now()
    assert (now.since("model"), now.since("rules"), now.since("other")) == (30.0, None, None)
    assert (now.digest("model"), now.digest("other"), now.live) == ("d2", "", "model")
    # The definition of before is another one than the present one, too.
    standings.define("model", "d1", "ann", 40.0)
    assert standings.now().since("model") == 40.0


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "signals.json"
    path.write_text("{")
    with pytest.raises(InputError, match=r"signals.json is damaged.*Move it away; the history"):
        Standings(path).now()
