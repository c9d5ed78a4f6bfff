"""A picture of the screen: a new file each time, or one sentence about the failure."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pipeline.errors import PipelineError
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.sample_rows import live_batch
from tests.snapshot.stage import Stage
from tui.terminal import picture
from tui.terminal.picture import save_picture

AT = datetime(2024, 5, 6, 7, 8, 9)


def test_two_in_one_second_are_two_files(tmp_path: Path) -> None:
    paths = [save_picture(f"<svg>{number}\ud800</svg>", tmp_path, AT) for number in range(2)]
    assert [path.name for path in paths] == [
        "fraudwatch-2024-05-06-070809.svg",
        "fraudwatch-2024-05-06-070809-2.svg",
    ]
    assert [path.read_text() for path in paths] == ["<svg>0?</svg>", "<svg>1?</svg>"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="There is no folder"):
        save_picture("", tmp_path / "missing", AT)


async def test_the_key_saves_what_is_on_the_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    threads: list[int] = []
    real = save_picture

    def noted(svg: str, folder: Path, at: datetime) -> Path:
        threads.append(threading.get_ident())
        return real(svg, folder, at)

    monkeypatch.setattr(picture, "save_picture", noted)
    stage = Stage(source=FakeSource(live_batch()))
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await stage.live(pilot)
        await pilot.press("P", "P")
        await stage.wait(pilot, lambda: len(list(tmp_path.glob("*.svg"))) == 2)
        await stage.shows(pilot, "Picture: ")
    when = datetime.fromtimestamp(stage.clock.now)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"fraudwatch-{when:%Y-%m-%d-%H%M%S}{end}.svg" for end in ("-2", "")]
    (root,) = {ElementTree.parse(path).getroot().tag for path in tmp_path.iterdir()}
    assert root.endswith("svg")
    assert "rolling" in (tmp_path / names[0]).read_text()
    assert threading.get_ident() not in threads


async def test_a_failure_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/proc")
    stage = Stage(source=FakeSource(live_batch()))
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await stage.live(pilot)
        await pilot.press("P")
        await stage.shows(pilot, "cannot be written")
        assert stage.app.is_running
