"""A real headless Chromium over its DevTools protocol, and the contents of a terminal in it."""

from __future__ import annotations

import base64
import io
import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psutil
import pyte
import pytest
from PIL import Image
from websockets.sync.client import connect

from .conftest import assert_ended, wait_until

_BINARIES = ("chromium", "chromium-browser", "google-chrome")
_SIZE = (1280, 800)
_FLAGS = (
    "--headless=new",
    # Only pages of this test are opened, and root in a container has no other way.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    f"--window-size={_SIZE[0]},{_SIZE[1]}",
    # Requests of a page to other hosts fail.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
)
_PATIENCE = 60.0


def find() -> str:
    """The browser's path; skips the test if there is none."""
    path = next(filter(None, map(shutil.which, _BINARIES)), None)
    if path is None:
        pytest.skip("there is no Chromium on this machine (Debian's package `chromium`)")
    return path


class Chromium:
    """A browser process.

    Args:
        folder: Folder of its profile.
    """

    def __init__(self, folder: Path) -> None:
        binary = find()
        with (folder / "chromium.log").open("wb") as log:
            self._process = subprocess.Popen(
                [binary, *_FLAGS, f"--user-data-dir={folder}", "about:blank"],
                stdout=log,
                stderr=log,
            )
        port_file = folder / "DevToolsActivePort"
        wait_until(lambda: port_file.exists() and len(lines(port_file)) == 2, _PATIENCE, "Chromium")
        port, path = lines(port_file)
        self._open = ExitStack()
        address = f"ws://127.0.0.1:{port}{path}"
        self._socket = self._open.enter_context(connect(address, max_size=None))
        self._ids = itertools.count(1)
        self._tabs: dict[str, Tab] = {}

    def open(self, address: str) -> Tab:
        """Open a page in a new tab."""
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        attached = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})
        session = str(attached["sessionId"])
        tab = self._tabs[session] = Tab(self, target, session)
        for domain in ("Network", "Page", "Runtime"):
            tab.call(f"{domain}.enable")
        tab.call("Page.navigate", {"url": address})
        return tab

    def call(self, method: str, parameters: object = None, session: str = "") -> dict[str, Any]:
        """Send a command to the browser, and return its answer."""
        number = next(self._ids)
        message = {"id": number, "method": method, "params": parameters or {}}
        self._socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        while True:
            answer = self._receive(_PATIENCE)
            assert answer is not None, f"waited {_PATIENCE:.0f} s for {method}"
            if answer.get("id") == number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def listen(self) -> None:
        """Read the browser's events."""
        while self._receive(0.05) is not None:
            pass

    def close(self) -> None:
        """End the browser."""
        processes = [psutil.Process(self._process.pid)]
        processes += processes[0].children(recursive=True)
        self.call("Browser.close")
        self._open.close()
        self._process.wait(_PATIENCE)
        assert_ended(processes, _PATIENCE)

    def _receive(self, timeout: float) -> dict[str, Any] | None:
        try:
            message: dict[str, Any] = json.loads(self._socket.recv(timeout))
        except TimeoutError:
            return None
        if "method" in message and (tab := self._tabs.get(message.get("sessionId", ""))):
            tab.note(message["method"], message["params"])
        return message


class Tab:
    """A tab: the requests of its page, and the terminal in it, from the bytes that it receives."""

    def __init__(self, browser: Chromium, target: str, session: str) -> None:
        self._browser = browser
        self._target = target
        self._session = session
        self._screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self._screen)
        self.requests: list[str] = []
        self.complaints: list[str] = []

    def call(self, method: str, parameters: object = None) -> dict[str, Any]:
        return self._browser.call(method, parameters, self._session)

    def note(self, event: str, data: dict[str, Any]) -> None:
        """Process one event."""
        match event:
            case "Network.requestWillBeSent":
                self.requests.append(data["request"]["url"])
            case "Network.webSocketCreated":
                self.requests.append(data["url"])
                query = parse_qs(urlsplit(data["url"]).query)
                self._screen.reset()
                if "width" in query:
                    self._screen.resize(int(query["height"][0]), int(query["width"][0]))
            case "Network.webSocketFrameReceived" if data["response"]["opcode"] == 2:
                self._stream.feed(base64.b64decode(data["response"]["payloadData"]))
            case "Runtime.exceptionThrown":
                self.complaints.append(str(data["exceptionDetails"]))

    @property
    def text(self) -> str:
        """The text of the terminal now."""
        self._browser.listen()
        return "\n".join(self._screen.display)

    def wait_for(self, pattern: str, patience: float = _PATIENCE) -> None:
        """Wait until the terminal shows a pattern."""
        try:
            wait_until(lambda: re.search(pattern, self.text), patience, repr(pattern))
        except AssertionError as error:
            raise AssertionError(f"{error}; the screen shows:\n{self.text}") from None

    def press(self, key: str, *, ctrl: bool = False) -> None:
        """Press the key of a letter, a digit or a sign, or `Enter`."""
        sent = "\r" if key == "Enter" else key
        code = ord(sent.upper())
        pressed = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 2 if ctrl else 0}
        text = {} if ctrl else {"text": sent}
        self.call("Input.dispatchKeyEvent", {"type": "keyDown", **pressed, **text})
        self.call("Input.dispatchKeyEvent", {"type": "keyUp", **pressed})

    def picture(self) -> Image.Image:
        """The painted page."""
        data = self.call("Page.captureScreenshot", {"format": "png"})["data"]
        return Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")

    def evaluate(self, script: str) -> Any:
        """Return the value of a JavaScript expression in the page, or of its promise."""
        asked = {"expression": script, "awaitPromise": True, "returnByValue": True}
        answer = self.call("Runtime.evaluate", asked)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def close(self) -> None:
        """Close the tab."""
        self._browser.call("Target.closeTarget", {"targetId": self._target})


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def colours(picture: Image.Image) -> Iterator[tuple[float, str]]:
    """The colours of a picture and their shares, the largest first."""
    found = picture.getcolors(picture.width * picture.height) or []
    total = picture.width * picture.height
    for count, colour in sorted(found, key=lambda item: -item[0]):
        assert isinstance(colour, tuple)
        yield count / total, "#{:02x}{:02x}{:02x}".format(*colour)
