"""`fraudwatch serve` in a real browser: rows, keys, tabs, other sites, and a clean end."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from pathlib import Path

import psutil
import pytest

from pipeline import config
from pipeline.config import Settings
from pipeline.contract import TRANSACTION_TOPIC
from pipeline.kafka.read_to_end import read_to_end
from pipeline.sources import TRANSACTION
from pipeline.stack.runtime import Runtime

from . import browser
from .browser import Chromium, Tab
from .conftest import Run, assert_ended, stack_environment, stack_processes, wait_until

ROW = r"-?\d{15,19}\s+[\d,]+\.\d\d\s+\d+\s"
BACKGROUND, ACCENT = "#0e1318", "#56d1b7"


class Serving:
    """A `fraudwatch serve` that has printed its address."""

    def __init__(self, settings: Settings, folder: Path, patience: float) -> None:
        self._out = folder / "serve.out"
        with self._out.open("wb") as out, (folder / "serve.err").open("wb") as err:
            self.process = subprocess.Popen(
                [Path(sys.executable).parent / "fraudwatch", "serve", "--port", "0"],
                env={**os.environ, **stack_environment(settings.state_dir)},
                cwd=folder,
                stdout=out,
                stderr=err,
            )
        try:
            wait_until(self._said, patience, "the address")
        except AssertionError as error:
            self.process.kill()
            raise AssertionError(f"{error}: {(folder / 'serve.err').read_text()}") from None
        self.address = self._said()

    def consoles(self) -> list[psutil.Process]:
        """The console processes, one for each tab."""
        return psutil.Process(self.process.pid).children()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(60)

    def _said(self) -> str:
        assert self.process.poll() is None, "serve has ended"
        found = re.search(r"http://\S+", self._out.read_text())
        return found[0] if found else ""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    chromium = Chromium(tmp_path_factory.mktemp("chromium"))
    yield chromium
    chromium.close()


@pytest.fixture
def serving(
    chromium: Chromium, stack: Runtime, stack_settings: Settings, tmp_path: Path
) -> Iterator[Serving]:
    """Attached to the stack of this run; the browser is found first, which may skip the test."""
    serving = Serving(stack_settings, tmp_path, patience=60)
    yield serving
    serving.close()


@pytest.fixture
def other_site() -> Iterator[str]:
    """An address that a browser treats as another site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def test_tabs_are_consoles_of_one_stack(
    chromium: Chromium, serving: Serving, stack_settings: Settings, fraudwatch: Run, tmp_path: Path
) -> None:
    assert fraudwatch("start", "rolling").returncode == 0
    assert fraudwatch("simulate").returncode == 0
    of_the_stack = {process.pid for process in stack_processes(stack_settings)}

    first = chromium.open(serving.address)
    first.wait_for("● kafka")
    first.press("2")
    first.wait_for(ROW)
    assert_is_the_console(first)
    assert not [url for url in first.requests if serving.address[5:] not in url]
    assert not first.complaints

    first.press("P")
    wait_until(lambda: list(tmp_path.glob("*.svg")), 20, "a picture in the server's folder")

    second = chromium.open(serving.address)
    second.wait_for(ROW)
    consoles = serving.consoles()
    assert len(consoles) == 2
    assert {process.pid for process in stack_processes(stack_settings)} == of_the_stack

    assert_hides_what_is_sensitive(second, stack_settings)
    second.close()
    wait_until(lambda: len(serving.consoles()) == 1, 20, "the end of the second tab's console")
    first.press("q")
    assert_ended(consoles, 20)
    wait_until(lambda: "has ended" in ended(first), 20, "the page to say so")

    first.evaluate("document.querySelector('.ended button').click()")
    wait_until(serving.consoles, 20, "another console")
    left = serving.consoles()
    first.wait_for(ROW)
    assert serving.consoles() == left
    serving.process.send_signal(signal.SIGTERM)
    assert serving.process.wait(120) == 0
    assert_ended(left, 5)
    assert {process.pid for process in stack_processes(stack_settings)} == of_the_stack


def test_a_page_of_another_site_gets_no_console(
    chromium: Chromium, serving: Serving, other_site: str
) -> None:
    """Although its requests come from the same browser of the same user."""
    stranger = chromium.open(other_site)
    wait_until(
        lambda: (
            stranger.evaluate("document.readyState") == "complete"
            and stranger.evaluate("location.href") == other_site
        ),
        20,
        "the page",
    )
    console = serving.address.replace("http:", "ws:") + "ws?width=80&height=24"
    script = """new Promise(done => {
        const socket = new WebSocket('%s');
        socket.onopen = () => done('open');
        socket.onerror = () => done('refused');
    })"""
    assert stranger.evaluate(script % console) == "refused"
    frame = """new Promise(done => {
        const frame = document.createElement('iframe');
        frame.onload = () => done(frame.contentDocument === null ? 'foreign' : 'blank');
        frame.src = '%s';
        document.body.append(frame);
    })"""
    stranger.evaluate(frame % serving.address)
    assert serving.consoles() == []


def test_a_server_that_is_killed_takes_consoles_and_its_stack_along(
    chromium: Chromium, tmp_path: Path
) -> None:
    """No stack was running before, so it belongs to the server."""
    settings = config.load(environment=stack_environment(tmp_path / "state"))
    serving = Serving(settings, tmp_path, patience=150)
    try:
        tab = chromium.open(serving.address)
        tab.wait_for(ROW)
        processes = [*stack_processes(settings), *serving.consoles()]
        assert len(processes) >= 5  # The supervisor, Kafka, Flink, the simulator, the console.
        serving.process.kill()
        assert_ended(processes, 60)
    finally:
        serving.close()


def assert_is_the_console(tab: Tab) -> None:
    """The page shows the theme's background, its accent, and many shades of text; and a change
    after a key.
    """
    before = tab.picture()
    found: dict[str, float] = {}

    def painted() -> bool:
        nonlocal before, found
        before = tab.picture()
        found = {colour: share for share, colour in browser.colours(before)}
        return found.get(ACCENT, 0.0) > 0.002

    # The share of the accent's colour changes with the rows; at first it is small.
    wait_until(painted, 40, "the accent's share")
    assert max(found, key=lambda colour: found[colour]) == BACKGROUND
    assert 0.5 < found[BACKGROUND] < 0.95
    assert found[ACCENT] > 0.002
    assert len(found) > 50
    tab.press("?")
    tab.wait_for("esc closes")
    wait_until(lambda: tab.picture() != before, 10, "the help to be painted")
    tab.press("?")
    tab.wait_for(ROW)


def assert_hides_what_is_sensitive(tab: Tab, settings: Settings) -> None:
    """Records in the browser have no name and no card number of those in the topic."""
    tab.press("6")
    tab.wait_for("enter chooses")
    for letter in TRANSACTION_TOPIC:
        tab.press(letter)
    tab.press("Enter")
    tab.wait_for(r'"cc_num": ?"•••• \d{4}"')
    tab.press("Enter")
    tab.wait_for('"first": ?"••••"')
    shown = tab.text
    with closing(Runtime(settings)) as runtime:
        records = chain.from_iterable(read_to_end(runtime.kafka, TRANSACTION_TOPIC))
        rows = [json.loads(record.value or b"") for record in records]
    assert rows
    for row in rows:
        for name in TRANSACTION.sensitive:
            assert f'"{name}":{json.dumps(row[name])}' not in shown.replace(": ", ":")
        assert str(row["cc_num"]) not in shown


def ended(tab: Tab) -> str:
    """The message of the page after its console has ended."""
    script = """(() => {
        const said = document.querySelector('.ended');
        return getComputedStyle(said).display === 'none' ? '' : said.innerText;
    })()"""
    return str(tab.evaluate(script))
