"""The input for a table's filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from tui.drawing.text import clean

_LONGEST: Final = 500


class FilterBar(Input):
    """Posts the filter as it is typed; enter keeps it, esc clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "take_off", show=False)]

    class Changed(Input.Changed):
        """Posted when the text changes; empty when the filter was cleared."""

        # Textual's Input creates its messages itself, by this name.

        @property
        def bar(self) -> FilterBar:
            """The filter bar that posted the message."""
            assert isinstance(self.input, FilterBar)
            return self.input

        @property
        def text(self) -> str:
            return self.value

    @dataclass
    class Closed(Message):
        """Posted when the bar is closed, so that the table gets the focus again."""

        bar: FilterBar

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(
            placeholder='words, count>5, mean>=300, user:-3122, !word, "two words"',
            id=id,
            compact=True,
            select_on_focus=False,
        )
        self.display = False

    def open(self, text: str) -> None:
        """Show the bar with a text and focus it."""
        self.display = True
        self.value = text
        self.cursor_position = len(text)
        self.focus()

    def validate_value(self, value: str) -> str:
        """Clean the text, since pasted text may contain anything."""
        return clean(value, _LONGEST)

    def action_take_off(self) -> None:
        """Clear the filter, and close the bar."""
        self.value = ""
        self._close()

    @on(Input.Submitted)
    def _keep(self, event: Input.Submitted) -> None:
        event.stop()
        self._close()

    def _close(self) -> None:
        self.display = False
        self.post_message(self.Closed(self))
