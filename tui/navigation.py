"""The newest view, and which screen opens which: what is common to all screens."""

from __future__ import annotations

import shlex
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar

from textual import on
from textual.app import App
from textual.message import Message
from textual.reactive import var

from pipeline.model.simulator import SimulatorStatus

from .drawing import text
from .messages import (
    LookAgain,
    OpenAlert,
    OpenBeside,
    OpenInspection,
    OpenJob,
    OpenMismatches,
    OpenOwnUser,
    OpenQuality,
    OpenQuarantine,
    OpenRows,
    OpenSimulator,
    OpenTopic,
    OpenUser,
    OpenUserRecords,
    WriteTest,
)
from .panels.catalogue import PANELS
from .panels.signals.signals_panel import SIGNALS
from .panels.users.users_panel import USERS
from .preferences import PreferencesFile
from .screens.export.exporter import ExportRows, write
from .screens.live_screen import LiveScreen
from .session.environment import Environment
from .session.session import Session
from .session.view import View
from .streams.sink_topics import has_user
from .table.live_table import LiveTable

if TYPE_CHECKING:
    from .streams.history import HistoryBatch, UserHistory
    from .streams.own_history import OwnHistoryBatch
    from .streams.snapshot import Snapshot
    from .streams.tail_source import Tails
    from .streams.user_feed import HistorySource

LiveScreenT = TypeVar("LiveScreenT", bound=LiveScreen)

# A topic's name may be as long as a file's.
_NAME_CHARACTERS: Final = 100
# Among so many records of a topic, the newest, those of one user are looked for.
_USER_RECORDS: Final = 100_000


@dataclass
class Published(Message):
    """Posted by the feed with a snapshot of the streams, which replaces those before it."""

    snapshot: Snapshot

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Published)


class Navigation(App[str]):
    """Holds the newest view, to which screens are bound, and opens the screens that others ask for.

    The feed publishes the streams, and each tick takes the rest from the session.

    Args:
        environment: The stack, its streams and the console's options.
    """

    view: var[View] = var(View, init=False, always_update=True)

    def __init__(self, environment: Environment) -> None:
        super().__init__()
        self._environment = environment
        self.session = Session(
            environment.profile,
            environment.connect,
            environment.open_source,
            PANELS,
            self.publish,
            clock=environment.clock,
            limits=environment.limits,
            built_in=environment.built_in,
        )
        self.set_reactive(Navigation.view, self.session.view())
        self.preferences = PreferencesFile(environment.remembered, self.session.notify)

    @on(LookAgain)
    def tick(self) -> None:
        """Take the newest view and notices from the session."""
        self.view = replace(self.session.view(), data=self.view.data)
        for notice in self.session.take_notices():
            self.notify(text.clean(notice.message), severity=notice.severity.value, markup=False)

    def publish(self, snapshot: Snapshot) -> None:
        """Show another snapshot of the streams; safe in any thread."""
        # The loop ends before the thread that reads.
        with suppress(RuntimeError):
            self.post_message(Published(snapshot))

    @on(Published)
    def _show_published(self, message: Published) -> None:
        self.view = replace(self.session.view(), data=message.snapshot)

    def bound(self, screen: LiveScreenT) -> LiveScreenT:
        """Bind a new screen to the newest view, which it has from the beginning."""
        screen.set_reactive(LiveScreen.view, self.view)
        return screen.data_bind(Navigation.view)

    @on(LiveTable.Ready)
    def hide_columns(self, message: LiveTable.Ready) -> None:
        """Hide the columns of a table that were hidden when it was last used."""
        if message.table.id is not None:
            message.table.hide(self.preferences.current.table(message.table.id).hidden)

    @on(LiveTable.ColumnsWanted)
    def choose_columns(self, message: LiveTable.ColumnsWanted) -> None:
        """Open the dialog that shows and hides a table's columns."""
        from .screens.columns import ColumnsScreen

        table = message.table

        def hide(titles: frozenset[str]) -> None:
            table.hide(titles)
            if table.id is not None:
                self.preferences.change_table(table.id, hidden=tuple(sorted(titles)))

        self.push_screen(ColumnsScreen(table, hide))

    @on(ExportRows)
    def export_rows(self, message: ExportRows) -> None:
        """Ask for format and path, then write the file."""
        from .screens.export.dialog import ExportChoice, ExportScreen

        export = message.export

        def write_as(choice: ExportChoice | None) -> None:
            if choice is not None:
                write(export, choice, self.session.notify)

        stamp = datetime.fromtimestamp(self._environment.clock())
        name = f"fraudwatch-{export.name[:_NAME_CHARACTERS]}-{stamp:%Y%m%d-%H%M%S}"
        folder = self._environment.folder
        self.push_screen(ExportScreen(export.what, export.count, folder, name), write_as)

    @on(OpenUser)
    def open_user(self, message: OpenUser) -> None:
        from .screens.user.user_screen import UserScreen
        from .streams.history import HistoryState
        from .streams.user_feed import UserFeed

        moment = message.moment
        until = moment.at if moment is not None else None

        def feed(user: int) -> UserFeed[HistoryBatch, UserHistory]:
            def source() -> HistorySource[HistoryBatch]:
                return self._environment.open_history(self.session.bootstrap, user, moment)

            return UserFeed(source, self._environment.clock, HistoryState(until))

        def users() -> list[int]:
            rows = self.view.data.of(USERS).rows
            return [row.user_id for row in rows if row.user_id is not None]

        self._open_one(UserScreen(message.user_id, feed, users, until))

    @on(OpenOwnUser)
    def open_own_user(self, message: OpenOwnUser) -> None:
        from .screens.user.own_user_screen import OwnUserScreen
        from .streams.own_history import OwnHistoryState
        from .streams.user_feed import UserFeed

        data, moment = self.view.data, message.moment
        source = next((each for each in data.sources if each.topic == message.topic), None)
        if source is None:
            return
        sinks = [sink for sink in data.own if has_user(sink) and sink.source == source.topic]

        def history() -> HistorySource[OwnHistoryBatch]:
            address = self.session.bootstrap
            return self._environment.open_own_history(address, source, sinks, message.user, moment)

        def users() -> list[str]:
            data = self.view.data
            found = USERS.tab(data).source == source.topic
            return [str(row.key[0]) for row in data.of(USERS).rows if found and row.is_user]

        state = OwnHistoryState(source, sinks, moment.at if moment is not None else None)
        feed = UserFeed(history, self._environment.clock, state)
        self._open_one(OwnUserScreen(source, message.user, feed, users, moment))

    @on(OpenAlert)
    def open_alert(self, message: OpenAlert) -> None:
        from .screens.alert.alert_screen import AlertScreen

        rows = self.view.data.of(SIGNALS).rows
        row = next((each for each in rows if each.identity == message.identity), None)
        if row is not None:
            sink = SIGNALS.tab(self.view.data)
            self._open_one(AlertScreen(self.session, self._tails(), sink, row))

    @on(OpenBeside)
    def open_beside(self) -> None:
        from .screens.beside.beside_screen import BesideScreen

        shown = SIGNALS.tab(self.view.data)
        others = [
            tab.feature
            for tab in SIGNALS.tabs_of(self.view.data)
            if tab.source == shown.source and tab.feature != shown.feature
        ]
        if others:
            self.push_screen(self.bound(BesideScreen(self.session, shown.feature, others)))
        else:
            self.notify("There is no other signal on this source to compare with.")

    @on(OpenJob)
    def open_job(self, message: OpenJob) -> None:
        from .screens.job.job_screen import JobScreen

        self._open_one(JobScreen(self.session, self.preferences, message.name))

    @on(OpenMismatches)
    def open_mismatches(self, message: OpenMismatches) -> None:
        from .screens.mismatches.mismatch_screen import MismatchScreen

        screen = MismatchScreen(self.session, message.name, self._environment.profile)
        self._open_one(screen)

    @on(WriteTest)
    def write_test(self, message: WriteTest) -> None:
        from .screens.holding.holding_screen import HoldingScreen

        self.push_screen(HoldingScreen(self.session, message.wanted))

    @on(OpenRows)
    def open_rows(self, message: OpenRows) -> None:
        from .screens.rows.rows_screen import RowsScreen

        self.push_screen(self.bound(RowsScreen(self.session, self._tails(), message.name)))

    @on(OpenTopic)
    def open_topic(self, message: OpenTopic) -> None:
        from .screens.records.records_screen import RecordsScreen

        screen = RecordsScreen(self._tails(), self._environment.clock, message.topic)
        self.push_screen(self.bound(screen))

    @on(OpenUserRecords)
    def open_user_records(self, message: OpenUserRecords) -> None:
        """Open the records of a user of another source as they are in Kafka."""
        from pipeline.model.reading import Last, Since

        from .screens.records.records_screen import RecordsScreen
        from .table.filter import parse

        tails, since = self._tails(), message.since_ms
        screen = RecordsScreen(
            tails,
            self._environment.clock,
            tails.name_of(message.topic),
            start=Last(_USER_RECORDS) if since is None else Since(since),
            wanted=parse(f"{message.column}={shlex.quote(message.user)}"),
        )
        self.push_screen(self.bound(screen))

    @on(OpenInspection)
    def open_inspection(self, message: OpenInspection) -> None:
        from .screens.records.inspect_screen import InspectScreen

        self.push_screen(self.bound(InspectScreen(self._tails(), message.topic)))

    @on(OpenQuality)
    def open_quality(self) -> None:
        from .screens.quality.quality_screen import QualityScreen

        self.push_screen(self.bound(QualityScreen(self.session)))

    @on(OpenQuarantine)
    def open_quarantine(self) -> None:
        from .screens.quarantine.quarantine_screen import QuarantineScreen

        self.push_screen(self.bound(QuarantineScreen()))

    @on(OpenSimulator)
    def open_simulator(self) -> None:
        if not self._environment.built_in:
            self.notify("This profile has only features of its own, so it has no simulator.")
            return
        from .screens.simulator import SimulatorScreen

        def status() -> SimulatorStatus | None:
            reading = self.view.reading
            return reading.status.simulator if reading.status is not None else None

        self.push_screen(SimulatorScreen(status, self.session.simulate, self._environment.clock))

    def _open_one(self, screen: LiveScreen) -> None:
        """Open a screen in place of another of its kind, or else on top."""
        if isinstance(self.screen, type(screen)):
            self.switch_screen(self.bound(screen))
        else:
            self.push_screen(self.bound(screen))

    def _tails(self) -> Tails:
        return self._environment.open_tails(lambda: self.session.bootstrap)
