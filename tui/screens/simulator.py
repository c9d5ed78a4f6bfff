"""The simulator's controls: rate, speed of event time, kinds of fraud, and when labels come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from pipeline.model.simulator import FASTEST, Pattern, SimulatorCommand, SimulatorStatus
from pipeline.text.spans import span
from tui.drawing import text
from tui.drawing.tones import Piece, Tone, content
from tui.keymap import KEYMAP, Scope, dialog_bindings
from tui.session.read_only import Guarded
from tui.widgets.choice import Choice

_REFRESH_SECONDS: Final = 0.2
# A command without an effect by then has failed, which a notice has said.
_PATIENCE_SECONDS: Final = 5.0
_LABEL_CELLS: Final = 14
_ERROR_CELLS: Final = 400
# The simulator accepts any positive rate, but below this one it looks as if it hung.
_SLOWEST: Final = 0.1
# From each key press to the next: in the transaction, an hour, a day, a week.
_LABEL_DELAYS: Final = (0.0, 3_600.0, 86_400.0, 7 * 86_400.0)
_UNKNOWN: Final = "The simulator's status is not known yet."

Line = list[Piece]


class SimulatorScreen(Guarded, ModalScreen[None]):
    """Shows and controls the simulator.

    Args:
        status: Returns the simulator's status; None when it is not known.
        command: Queues a command; returns at once.
        clock: Seconds since the epoch.
    """

    BINDINGS = dialog_bindings(Scope.SIMULATOR)
    CSS_PATH: ClassVar[str] = "../styles/forms.tcss"
    AUTO_FOCUS = ""

    def __init__(
        self,
        status: Callable[[], SimulatorStatus | None],
        command: Callable[[SimulatorCommand], None],
        clock: Callable[[], float],
    ) -> None:
        super().__init__()
        self._status = status
        self._command = command
        self._clock = clock
        # Commands that the status does not reflect yet, and when they were given.
        self._wanted: dict[str, Any] = {}
        self._wanted_at = 0.0
        self._remark = ""

    def compose(self) -> ComposeResult:
        """Show the status and the keys."""
        with Vertical(classes="form") as box:
            box.border_title = "Simulator"
            box.border_subtitle = "esc closes"
            yield Static(id="simulator")
            yield Static(id="remark")
            with Vertical(classes="choices"):
                for key in KEYMAP:
                    if key.scope is Scope.SIMULATOR:
                        yield Choice(f"{key.shown:<5}", key.help, key.action)

    def on_mount(self) -> None:
        """Refresh the status a few times a second."""
        self._look()
        self.set_interval(_REFRESH_SECONDS, self._look)

    def action_pause(self) -> None:
        expected = self._steerable()
        if expected is not None:
            self._expect(paused=not expected.paused)
            self._give(SimulatorCommand(paused=not expected.paused), "")

    def action_power(self) -> None:
        """Stop it, or start it at its previous pace."""
        expected = self._expected()
        if expected is None:
            self._say(_UNKNOWN)
        else:
            self._expect(up=not expected.up)
            self._give(SimulatorCommand(running=not expected.up), "")

    def action_rate(self, factor: float) -> None:
        """Multiply the transactions per second by a factor."""
        expected = self._steerable()
        if expected is not None:
            rate, remark = _next(expected.rate, factor, "{} transactions a second")
            if rate != expected.rate:
                self._expect(rate=rate)
                self._command(SimulatorCommand(rate=rate))
            self._say(remark)

    def action_speed(self, factor: float) -> None:
        """Multiply the speed of event time by a factor."""
        expected = self._steerable()
        if expected is not None:
            speed, remark = _next(expected.speed, factor, "{} times real time")
            if speed != expected.speed:
                self._expect(speed=speed)
                self._command(SimulatorCommand(speed=speed))
            self._say(remark)

    def action_inject_fraud(self) -> None:
        if self._steerable() is not None:
            self._give(SimulatorCommand(inject_fraud=True), "A fraud episode was requested.")

    def action_pattern(self, name: str) -> None:
        """Switch a pattern on or off."""
        expected = self._steerable()
        if expected is not None:
            switched = {*expected.patterns} ^ {Pattern(name)}
            patterns = tuple(pattern for pattern in Pattern if pattern in switched)
            self._expect(patterns=patterns)
            self._give(SimulatorCommand(patterns=patterns), "")

    def action_label_delay(self) -> None:
        """Go to the next longer delay of labels; after the longest, to none."""
        expected = self._steerable()
        if expected is not None:
            longer = (delay for delay in _LABEL_DELAYS if delay > expected.label_delay)
            delay = next(longer, _LABEL_DELAYS[0])
            self._expect(label_delay=delay)
            self._give(SimulatorCommand(label_delay=delay), "")

    def action_close(self) -> None:
        self.dismiss(None)

    def _expected(self) -> SimulatorStatus | None:
        """Return the status as it will be after all pending commands."""
        status = self._status()
        return None if status is None else replace(status, **self._wanted)

    def _steerable(self) -> SimulatorStatus | None:
        """Return the expected status; notify and return None when the simulator is off."""
        expected = self._expected()
        if expected is not None and expected.up:
            return expected
        self._say(_UNKNOWN if expected is None else "It is off; o starts it.")
        return None

    def _expect(self, **wanted: Any) -> None:
        self._wanted |= wanted
        self._wanted_at = self._clock()

    def _give(self, command: SimulatorCommand, remark: str) -> None:
        self._command(command)
        self._say(remark)

    def _say(self, remark: str) -> None:
        self._remark = remark
        self._look()

    def _look(self) -> None:
        status = self._status()
        patient = 0 <= self._clock() - self._wanted_at <= _PATIENCE_SECONDS
        self._wanted = {
            name: value
            for name, value in self._wanted.items()
            if patient and getattr(status, name, value) != value
        }
        lines = status_lines(status, self._expected())
        self.query_one("#simulator", Static).update(
            Content("\n").join(content(line) for line in lines)
        )
        self.query_one("#remark", Static).update(content([Piece(self._remark, Tone.WAITS)]))


def status_lines(
    status: SimulatorStatus | None, expected: SimulatorStatus | None
) -> Sequence[Line]:
    """Format the status as lines; pending changes are shown after an arrow."""
    if status is None or expected is None:
        return [[Piece(_UNKNOWN, Tone.WAITS)]]
    if not status.up:
        return [_state(status, expected), *_error(status)]
    up_to = f" transactions, up to {text.clean(status.event_time)}" if status.event_time else ""
    return [
        _state(status, expected),
        _line("rate", _paced("", status.rate, expected.rate), " transactions/s"),
        _line("event time", _paced("×", status.speed, expected.speed), " real time"),
        _line("sent", [Piece(text.integer(status.sent))], up_to or " transactions"),
        _line("fraud", _fraud(status, expected), ""),
        _line("labels", _changing(_labels(status), _labels(expected)), _held(status)),
        *_error(status),
    ]


def _fraud(status: SimulatorStatus, expected: SimulatorStatus) -> Line:
    """List the patterns; before a change those to come alone, since both have no room in a line."""
    listed = ", ".join(("bursts", *expected.patterns))
    if status.patterns == expected.patterns:
        return [Piece(listed)]
    return [Piece(f"→ {listed}", Tone.WAITS)]


def _labels(status: SimulatorStatus) -> str:
    if not status.label_delay:
        return "in the transaction"
    return f"after about {span(status.label_delay)}"


def _held(status: SimulatorStatus) -> str:
    """Say how many labels wait and how many are lost; a delay that is over may have left some."""
    if not status.label_delay and not status.labels_pending:
        return ""
    pending = f", {text.integer(status.labels_pending)} pending"
    lost = status.labels_left_out
    return f"{pending}, {text.integer(lost)} left out" if lost else pending


def _state(status: SimulatorStatus, expected: SimulatorStatus) -> Line:
    if status.up != expected.up:
        doing = "starting…" if expected.up else "stopping…"
    elif status.up and status.paused != expected.paused:
        doing = "pausing…" if expected.paused else "going on…"
    elif not status.up:
        return [Piece("○ ", Tone.QUIET), Piece("off", Tone.STRONG)]
    elif status.paused:
        doing = "paused"
    else:
        return [Piece("● ", Tone.ACCENT), Piece("running", Tone.STRONG)]
    return [Piece("◐ ", Tone.WAITS), Piece(doing, Tone.WAITS)]


def _next(base: float, factor: float, unit: str) -> tuple[float, str]:
    """Return the next pace within the limits, and a message when it is a limit."""
    value = min(max(base * factor, _SLOWEST), float(FASTEST))
    if _SLOWEST < value < FASTEST:
        return value, ""
    limit = "maximum" if factor > 1 else "minimum"
    return value, f"{unit.format(_pace(value))} is the {limit}."


def _error(status: SimulatorStatus) -> list[Line]:
    if not status.error:
        return []
    return [[Piece(text.clean(status.error, _ERROR_CELLS), Tone.DANGER)]]


def _line(label: str, value: Line, unit: str) -> Line:
    return [Piece(f"{label:<{_LABEL_CELLS}}", Tone.QUIET), *value, Piece(unit, Tone.QUIET)]


def _paced(sign: str, now: float, expected: float) -> Line:
    return _changing(f"{sign}{_pace(now)}", f"{sign}{_pace(expected)}")


def _changing(now: str, expected: str) -> Line:
    line = [Piece(now)]
    return line if expected == now else [*line, Piece(f" → {expected}", Tone.WAITS)]


def _pace(value: float) -> str:
    """Format a pace with as many digits as halving needs: `104`, `6.5`, `0.41`."""
    return f"{value:,.0f}" if value >= 100 else f"{value:,.3g}"
