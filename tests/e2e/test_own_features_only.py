"""A profile with one stream and one feature of its own, where the tutorial's topics never are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest

from pipeline.kafka.topics import topic_names
from pipeline.stack.runtime import Runtime
from tests.streams import own_records

from .attaching import attached
from .conftest import Run, emptied
from .own_streams import send

PREFIX: Final = "mine."
RECORDS: Final = 1_000
FEATURES: Final = '''
import ibis
from fraudwatch import feature, source

visits = source(
    topic="visits",
    schema={"at": "timestamp(3)", "visitor": "string", "page": "string"},
    time="at",
    watermark="1h",
    user="visitor",
)


@feature(topic="visitor_pages", source=visits)
def pages(visits):
    """Number of a visitor's pages of the last hour."""
    hour = ibis.range_window(
        group_by=visits.visitor,
        order_by=visits.at,
        preceding=ibis.interval(hours=1),
        following=0,
    )
    return visits.select("visitor", "at", pages=visits.count().over(hour))
'''


@dataclass(frozen=True, slots=True)
class Mine:
    """The profile.

    Attributes:
        fraudwatch: Runs its commands.
        runtime: The stack that it attaches to.
    """

    fraudwatch: Run
    runtime: Runtime

    def json(self, *arguments: str) -> Any:
        """The parsed output of a command with `--json`."""
        done = self.fraudwatch(*arguments, "--json")
        assert done.returncode == 0, (done.stdout, done.stderr)
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def mine(running_stack: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mine]:
    emptied(running_stack)
    folder = tmp_path_factory.mktemp("mine")
    (folder / "mine.py").write_text(FEATURES)
    fraudwatch = attached(
        folder,
        running_stack.kafka.bootstrap,
        running_stack.status().rest,
        prefix=PREFIX,
        more='built_in = false\nfeatures = ["mine.py"]',
    )
    yield Mine(fraudwatch, running_stack)
    fraudwatch("stop", "--all", "--discard")
    fraudwatch("down")


def topics_of(mine: Mine) -> set[str]:
    return {name for name in topic_names(mine.runtime.kafka) if name.startswith(PREFIX)}


def test_all_is_well_without_the_tutorials_stream(mine: Mine) -> None:
    done = mine.fraudwatch("topics", "--create")
    assert done.returncode == 0, done.stderr
    assert topics_of(mine) == {f"{PREFIX}visits", f"{PREFIX}visitor_pages"}
    send(mine.runtime, f"{PREFIX}visits", own_records.visits(RECORDS))
    started = mine.fraudwatch("start", "--all")
    assert started.returncode == 0, started.stderr
    assert "pages: RUNNING" in started.stderr

    assert [job["name"] for job in mine.json("jobs")] == ["pages"]
    status = mine.json("status")
    assert [(job["name"], job["state"]) for job in status["jobs"]] == [("pages", "RUNNING")]
    checks = mine.json("check", "--max-quarantined", "0", "--verify")
    assert checks["holds"]
    assert {(one["check"], one["subject"]) for one in checks["checks"]} == {
        ("stack", ""),
        ("job", "pages"),
        ("lag", "pages"),
        ("age", f"{PREFIX}visits"),
        ("age", f"{PREFIX}visitor_pages"),
        ("transactions", ""),
        ("verify", "pages"),
        ("quarantined", ""),
    }
    (proof,) = mine.json("verify", "pages")
    assert proof["proved"], proof
    assert proof["equal"] > RECORDS / 2, proof

    findings = {one["check"]: one for one in mine.json("doctor")}
    for check in ("Features", "Kafka", "Topics", "Records of visits", "Flink", "Slots", "Jobs"):
        assert findings[check]["outcome"] == "good", findings[check]
    assert "Transactions" not in findings
    # Nothing of all this has made another topic.
    assert topics_of(mine) == {f"{PREFIX}visits", f"{PREFIX}visitor_pages"}
