"""The screen of one job: metrics, Ibis expression, SQL, exceptions, saved state, timeliness."""

from __future__ import annotations

from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Static

from pipeline.findings import Findings
from pipeline.model.jobs import JobDetail
from tui.drawing import code, text
from tui.drawing.tones import Piece, Tone, content
from tui.keymap import Scope, inner_bindings
from tui.messages import LookAgain, OpenJob, OpenMismatches, OpenRows
from tui.preferences import PreferencesFile
from tui.screens.commands.job_commands import give_when_sure
from tui.screens.live_screen import LiveScreen
from tui.session.job_control import JobCommand
from tui.session.read_only import Guarded
from tui.session.session import Session
from tui.session.view import View
from tui.streams.watch import Watch, Watched
from tui.widgets.header import Header
from tui.widgets.titles import Title, TitleLine

from .detail_text import exceptions, state
from .metrics_lines import JobMetricsLines
from .timely_text import timely

_DETAIL_SECONDS: Final = 2.0
_TIMELY: Final = "timeliness"
_SECTIONS: Final = ("expression", "sql", "exceptions", "state", _TIMELY)
_NAMES: Final = ("Ibis", "Flink SQL", "Exceptions", "State", "In time")


class Section(VerticalScroll, can_focus=True, inherit_bindings=False):
    """A scrollable section; the screen's keys scroll it."""


class JobScreen(Guarded, LiveScreen):
    """The screen of one job.

    Args:
        session: The session to show and control.
        preferences: Whether to confirm before state is lost.
        name: The job's name.
    """

    CSS_PATH = "job.tcss"
    BINDINGS = inner_bindings(Scope.JOB)
    AUTO_FOCUS = "#section"

    def __init__(self, session: Session, preferences: PreferencesFile, name: str) -> None:
        super().__init__()
        self._session = session
        self._preferences = preferences
        self._job = name
        self._section = _SECTIONS[0]
        self._shown: tuple[str, Watched[JobDetail]] | None = None
        self._watch = self._new_watch()
        self._found: Watch[Findings | None] = Watch(
            lambda: session.findings(name), _DETAIL_SECONDS, session.clock, name="job-findings"
        )

    @property
    def job(self) -> str:
        return self._job

    @property
    def detail(self) -> Watched[JobDetail]:
        """The job's details as last read; None at first."""
        return self._watch.last

    def compose(self) -> ComposeResult:
        """Lay out the header, the metrics, a section and the footer."""
        yield Header().data_bind(JobScreen.view)
        yield TitleLine(classes="job")
        yield JobMetricsLines(self._job).data_bind(JobScreen.view)
        yield TitleLine(classes="sections")
        with Section(id="section"):
            yield Static(id="section-text")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._watch.start()

    def on_unmount(self) -> None:
        self._watch.stop()
        self._found.stop()

    def draw(self, view: View) -> None:
        detail = self.detail
        note = text.clean(detail.value.description) if detail.value else ""
        title = Title("job", "", text.clean(self._job), note)
        self.query_one("TitleLine.job", TitleLine).titles = (title,)
        self._show_section(detail, view.now)

    @on(LookAgain)
    def look_again(self) -> None:
        """Read the job's details now rather than at the next interval."""
        self._watch.now()
        self._found.now()

    def action_section(self, section: str) -> None:
        self._section = section
        # Findings may be large, so they are not read before they are looked at.
        if section == _TIMELY and not self._found.running:
            self._found.start()
        self.query_one("#section", VerticalScroll).scroll_home(animate=False)
        self.redraw()

    def action_turn(self, step: int) -> None:
        """Go to the next or the previous section."""
        at = _SECTIONS.index(self._section) + step
        self.action_section(_SECTIONS[at % len(_SECTIONS)])

    def action_scroll(self, lines: int) -> None:
        self.query_one("#section", VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_neighbour(self, step: int) -> None:
        """Go to the next or the previous job."""
        names = [line.status.name for line in self.view.jobs]
        if self._job in names:
            self.post_message(OpenJob(names[(names.index(self._job) + step) % len(names)]))

    def action_start(self) -> None:
        """Start the job from its saved state."""
        self._give(JobCommand.START)

    def action_stop(self) -> None:
        """Stop the job, taking a savepoint."""
        self._give(JobCommand.STOP)

    def action_cancel(self) -> None:
        """Cancel the job and discard its state."""
        self._give(JobCommand.CANCEL)

    def action_prove(self) -> None:
        """Prove the job."""
        self._session.prove(frozenset({self._job}))
        self.post_message(LookAgain())

    def action_mismatches(self) -> None:
        """Open what the last proof found besides equal rows."""
        self.post_message(OpenMismatches(self._job))

    def action_rows(self) -> None:
        """Open the rows that the job writes."""
        self.post_message(OpenRows(self._job))

    def action_copy(self) -> None:
        detail = self.detail.value
        if detail is not None:
            self.app.copy_to_clipboard(detail.sql)
            self.notify(f"Copied the SQL of {text.clean(self._job)}", markup=False)

    @on(TitleLine.Chosen)
    def _go_to_section(self, message: TitleLine.Chosen) -> None:
        if message.panel in _SECTIONS:
            self.action_section(message.panel)

    def _give(self, command: JobCommand) -> None:
        ask = self._preferences.current.ask_before_cancelling
        give_when_sure(self, self._session, command, frozenset({self._job}), ask=ask)

    def _new_watch(self) -> Watch[JobDetail]:
        return Watch(
            lambda: self._session.job_detail(self._job),
            _DETAIL_SECONDS,
            self._session.clock,
            name="job-detail",
        )

    def _show_section(self, detail: Watched[JobDetail], now: float) -> None:
        notes = ("", "", _count(detail, "failures"), _count(detail, "restore_points"), "")
        self.query_one("TitleLine.sections", TitleLine).titles = tuple(
            Title(panel, str(number), name, note, shown=panel == self._section)
            for number, (panel, name, note) in enumerate(
                zip(_SECTIONS, _NAMES, notes, strict=True), 1
            )
        )
        shown = (self._section, detail)
        # The ages in the list of states change; other sections are laid out only when they change.
        if shown == self._shown and self._section not in ("state", _TIMELY):
            return
        self._shown = shown
        said = (
            timely(self._found.last, now)
            if self._section == _TIMELY
            else _text(self._section, detail, now)
        )
        self.query_one("#section-text", Static).update(said)


def _count(detail: Watched[JobDetail], what: str) -> str:
    return str(len(getattr(detail.value, what))) if detail.value is not None else ""


def _text(section: str, detail: Watched[JobDetail], now: float) -> Content:
    said = str(detail.problem or "")
    if detail.value is None:
        if said:
            return content([Piece(text.clean(said), Tone.DANGER)])
        return content([Piece("Reading…", Tone.WAITS)])
    match section:
        case "expression":
            shown = code.expression(detail.value.expression)
        case "sql":
            shown = code.sql(detail.value.sql)
        case "exceptions":
            shown = exceptions(detail.value, now)
        case _:
            shown = state(detail.value, now)
    if said:
        age = text.age(now - detail.at)
        old = content([Piece(text.clean(f"{said} As it was {age}."), Tone.DANGER)])
        return Content("\n\n").join([old, shown])
    return shown
