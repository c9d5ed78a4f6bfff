"""How soon the stack is usable: from nothing, and with earlier rows, next to the baseline."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import psutil

from pipeline import config, features
from pipeline.config import Settings
from pipeline.config.secret import reveal
from pipeline.flink.ddl import definition
from pipeline.stack.local import broker, cluster, java, parts
from pipeline.stack.local.ports import LOOPBACK, free_port
from tests.e2e.conftest import stack_environment, stack_processes
from tests.e2e.test_console import Terminal
from tests.running import runs

from . import floor
from .report import MIB, cpu_seconds, medians, resident, seconds_until, show

ROW = r"-?\d{15,19}\s+[\d,]+\.\d\d\s+\d+\s"
ALL_RUN = f"{len(features.BUILT_IN)} of {len(features.BUILT_IN)} running"


def bench_start(folder: Path, rounds: int) -> None:
    """The baseline and the product alternately, each from nothing; then the product once more."""
    parts.fetch_jars(config.load(environment=stack_environment(folder)))
    floors, firsts, seconds = [], [], []
    for number in range(rounds):
        floors.append(_floor(folder / f"floor-{number}"))
        settings = config.load(environment=stack_environment(folder / f"product-{number}"))
        firsts.append(_start(settings))
        seconds.append(_start(settings))
    _show(medians(floors), medians(firsts), medians(seconds), rounds)


def _start(settings: Settings) -> dict[str, float]:
    """Start by opening a console, and measure until the stack has ended after `q`."""
    began = time.monotonic()
    terminal = Terminal(settings)
    console = psutil.Process(terminal.process.pid)
    figures: dict[str, float] = {}

    def shows(pattern: str) -> bool:
        return re.search(pattern, terminal.text) is not None

    def all_seen() -> bool:
        if shows("did not come up"):
            raise RuntimeError(terminal.text)
        for name, pattern in (("row", ROW), ("jobs", ALL_RUN)):
            if name not in figures and shows(pattern):
                figures[name] = time.monotonic() - began
                if name == "jobs":
                    figures["cpu"] = cpu_seconds([console, *stack_processes(settings)])
        return {"row", "jobs"} <= figures.keys()

    seconds_until(all_seen)
    stack = stack_processes(settings)
    figures["stack"] = resident(stack)
    figures["with_console"] = figures["stack"] + resident([console])
    terminal.process.send("q")

    def ended() -> bool:
        # Its output has to be read, or it blocks.
        return terminal.text is not None and not any(map(runs, (console, *stack)))

    figures["quit"] = seconds_until(ended)
    terminal.process.close(force=True)
    return figures


def _floor(folder: Path) -> dict[str, float]:
    """Run the script; the time to compile its plan does not count."""
    settings = config.load(environment=stack_environment(folder))
    (folder / "lib").mkdir(parents=True)
    home_of_java, kafka_port, rest_port = java.java_home(settings), free_port(), free_port()
    kafka = broker.broker(
        settings, home_of_java, cluster.wheel_lib(), kafka_port, controller_port=free_port()
    )
    home = cluster.cluster_home(settings, rest_port)
    # PyFlink takes all jars of one folder: here with the plain planner instead of its loader.
    for name in ("bin", "conf", "opt"):
        (folder / name).symlink_to(home.lib.parent / name)
    for jar in home.classpath:
        if jar not in home.connector:
            (folder / "lib" / jar.name).symlink_to(jar)
    address = settings.kafka.at(f"{LOOPBACK}:{kafka_port}")
    plan = floor.Plan(
        broker=kafka.command,
        kafka_port=kafka_port,
        rest_port=rest_port,
        java_home=str(home_of_java),
        java_options=" ".join(home.java_options),
        connector=tuple(map(str, home.connector)),
        slots=settings.slots,
        jobs=tuple(
            floor.Job(
                name=feature.name,
                topic=address.topic(feature.topic),
                statements=definition(feature, address, feature.name).at(address, reveal),
            )
            for feature in features.BUILT_IN
        ),
    )
    (folder / floor.PLAN).write_bytes(msgspec.json.encode(plan))
    with (folder / "floor.log").open("wb") as log:
        subprocess.run(
            [sys.executable, "-m", floor.__name__, folder], stdout=log, stderr=log, check=True
        )
    return msgspec.json.decode((folder / floor.FIGURES).read_bytes(), type=dict[str, float])


def _show(
    script: dict[str, float], first: dict[str, float], second: dict[str, float], rounds: int
) -> None:
    def ratio(name: str, of: str) -> str:
        return f"{first[name] / script[of]:.2f} × the script's {script[of]:.1f} s"

    show(f"a script: Flink's REST is up, median of {rounds}", f"{script['rest']:.1f} s")
    show("  Kafka is up", f"{script['kafka']:.1f} s")
    show("  the first job runs", f"{script['first_job']:.1f} s")
    show("  it holds", f"{script['resident'] / MIB:,.0f} MiB")
    show("rows of last time on the screen", f"{second['row']:.1f} s", "goal: 4 s")
    show(
        "first new feature row on the screen, from nothing",
        f"{first['row']:.1f} s",
        f"goal: 6 s and 1.3 ×; {ratio('row', 'first_row')}",
    )
    show(
        f"{len(features.BUILT_IN)} jobs running, from nothing",
        f"{first['jobs']:.1f} s",
        f"goal: 10 s and 1.3 ×; {ratio('jobs', 'jobs')}",
    )
    show("  with the state of last time", f"{second['jobs']:.1f} s")
    show(
        "  processor time until then, with the console",
        f"{first['cpu']:.1f} s",
        f"goal: 20 s; {ratio('cpu', 'cpu')}",
    )
    show("resident, without the console", f"{first['stack'] / MIB:,.0f} MiB", "goal: 768 MiB")
    show("  with the console", f"{first['with_console'] / MIB:,.0f} MiB", "goal: 922 MiB")
    show("q, until every process has ended", f"{first['quit']:.1f} s", "goal: 3 s")
