"""Logs are bounded, whatever is written to them."""

from __future__ import annotations

from pathlib import Path

from pipeline.stack.local import logs


def test_a_large_log_is_rotated_and_its_end_remains(tmp_path: Path) -> None:
    log, small = tmp_path / "flink.log", tmp_path / "kafka.log"
    small.write_text("started\n")
    with log.open("ab", buffering=0) as process:
        for number in range(1_000):
            process.write(b"line %06d\n" % number)
        logs.rotate(tmp_path, most=1_200)
        assert log.read_bytes() == b""
        lines = (tmp_path / "flink.log.1").read_text().splitlines()
        assert (len(lines), lines[0], lines[-1]) == (100, "line 000900", "line 000999")
        # The process writes on to the file that it has open.
        process.write(b"and on\n")
    assert log.read_text() == "and on\n"
    logs.rotate(tmp_path, most=1_200)
    assert log.read_text() == "and on\n"
    assert small.read_text() == "started\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "flink.log",
        "flink.log.1",
        "kafka.log",
    ]


def test_the_logs_of_a_stack_take_less_than_100_mib() -> None:
    names = ("kafka", "flink", "simulator", "supervisor")
    assert len(names) * 2 * logs.MOST_BYTES <= 100 * 1024 * 1024
