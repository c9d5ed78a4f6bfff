"""`fraudwatch replay`: what it refuses before it reads anything."""

from __future__ import annotations

import pytest

from pipeline.cli.app import main


def test_topics_of_ones_own_are_not_emptied(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "payments.csv", "--source", "payments", "--fresh"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "--fresh does not go with --source: it never empties a topic of your own" in said
    assert "Use --shift" in said
    assert "fraudwatch stop NAME --discard" in said
