"""The dialog that chooses a topic by a part of its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.streams.tail_source import Tails, TopicSize
from tui.streams.watch import Watch, Watched
from tui.table.column import Column, Columns
from tui.table.live_table import LiveTable

_REFRESH_SECONDS: Final = 0.1
_LOOK_SECONDS: Final = 2.0


def _offsets(row: TopicSize) -> list[Piece]:
    if row.offsets is None:
        return [Piece(text.NOTHING, Tone.QUIET)]
    return [Piece(text.integer(row.offsets))]


def _partitions(row: TopicSize) -> list[Piece]:
    """Return the number of partitions and, if some have no leader, of those that can be read."""
    if not row.leaderless:
        return [Piece(str(row.partitions), Tone.QUIET)]
    led = row.partitions - row.leaderless
    return [Piece(f"{led}/{row.partitions}", Tone.DANGER)]


_COLUMNS: Final = Columns[TopicSize](
    Column("topic", 30, lambda row, _: [Piece(text.clean(row.name), is_name=True)], grow=60),
    Column("offsets", 13, lambda row, _: _offsets(row), right=True),
    Column("parts", 5, lambda row, _: _partitions(row), right=True, drop=1),
)


class TopicPicker(ModalScreen[str | None]):
    """Returns the chosen topic, or None.

    Args:
        tails: Lists the topics.
        clock: Seconds since the epoch.
        topic: The current topic.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False, priority=True),
        Binding("down,ctrl+n", "move(1)", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", show=False, priority=True),
        Binding("enter", "choose", show=False, priority=True),
    ]

    def __init__(self, tails: Tails, clock: Callable[[], float], topic: str) -> None:
        super().__init__()
        self._watch: Watch[tuple[TopicSize, ...]] = Watch(
            lambda: tuple(tails.topics()), _LOOK_SECONDS, clock, name="topics"
        )
        self._clock = clock
        self._topic = topic
        self._chosen_early = False

    def compose(self) -> ComposeResult:
        """Lay out the input above the matching topics."""
        with Vertical(id="topic-box", classes="dialog") as box:
            box.border_title = "Topic"
            box.border_subtitle = "enter chooses, esc leaves"
            yield Input(placeholder="part of a name", compact=True)
            table = LiveTable(_COLUMNS, lambda row: row.name, id="topic-list")
            # The dialog moves the cursor; the keys are for typing.
            table.can_focus = False
            yield table

    def on_mount(self) -> None:
        self._watch.start()
        self._draw()
        self.set_interval(_REFRESH_SECONDS, self._draw)

    def on_unmount(self) -> None:
        self._watch.stop()

    def action_move(self, rows: int) -> None:
        self._table.action_move(rows)

    def action_choose(self) -> None:
        """Choose the topic under the cursor, once the topics are known."""
        self._chosen_early = self._watch.last.value is None
        if not self._chosen_early:
            # Input right before the key may not have been applied to the list yet.
            self._draw()
            if self._table.selected is not None:
                self.dismiss(self._table.selected.name)

    def action_leave(self) -> None:
        self.dismiss(None)

    @on(LiveTable.Opened)
    def _choose_clicked(self, message: LiveTable.Opened) -> None:
        message.stop()
        self.action_choose()

    @on(Input.Changed)
    def _narrow(self) -> None:
        self._chosen_early = False
        self._table.action_first()
        self._draw()

    @property
    def _table(self) -> LiveTable[TopicSize]:
        return self.query_one("#topic-list", LiveTable)

    def _draw(self) -> None:
        typed = self.query_one(Input).value
        seen = self._watch.last
        rows = like(seen.value or (), typed)
        self._table.show_rows(rows, self._clock(), _why_none(seen, typed))
        if self._chosen_early and seen.value is not None:
            self.action_choose()


def like(topics: Sequence[TopicSize], typed: str) -> tuple[TopicSize, ...]:
    """Return topics whose name contains a text: an exact match first, then prefix matches."""
    wanted = text.folded(typed)
    names = ((text.folded(topic.name), topic) for topic in topics)
    found = [(name, topic) for name, topic in names if wanted in name]
    found.sort(key=lambda each: (each[0] != wanted, not each[0].startswith(wanted)))
    return tuple(topic for _, topic in found)


def _why_none(seen: Watched[tuple[TopicSize, ...]], typed: str) -> Sequence[Piece]:
    if seen.problem is not None:
        return [Piece(text.clean(seen.problem), Tone.DANGER)]
    if seen.value is None:
        return [Piece("Asking Kafka for its topics…", Tone.WAITS)]
    if seen.value:
        return [Piece(f"No topic has {text.clean(typed, 40)!r} in its name.", Tone.WAITS)]
    return [Piece("Kafka has no topics.", Tone.WAITS)]
