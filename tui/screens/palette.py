"""The command palette: every key that works here, and jumps to users, topics and themes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, Final, TypeVar

from textual import on
from textual.app import App
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Matcher, Provider
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from tui.drawing import text
from tui.drawing.tones import Piece, Tone, content
from tui.keymap import KEYMAP, changing_actions
from tui.theme import THEMES, title

_log = logging.getLogger(__name__)

_KEY_CELLS: Final = 10
_MOST_USERS: Final = 8
_MOST_TOPICS: Final = 2_000
_PALETTE: Final = "app.palette"
_USER_IDS: Final = range(-(2**63), 2**63)
# Sign and digits, bounded since Python refuses to convert thousands of digits.
_ID_CHARACTERS: Final = 20
_NAMED: Final = 2.0
# Typed digits mean a user first, whatever else contains them and however it scores.
_KNOWN: Final = 1_000.0
_UNKNOWN: Final = 900.0
# So many characters with which a user's name begins mean the user; other users that contain them
# are below every command that does.
_ENOUGH: Final = 3
_BEGINS: Final = 800.0
_OWN: Final = 0.9
_NAME_CELLS: Final = 60

Run = Callable[[], Awaitable[Any] | Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Jumps:
    """The palette's jumps; callables that look something up are called in threads.

    Attributes:
        users: Returns at most a number of ids of known users of the tutorial's stream that contain
            a text; None where no feature reads that stream.
        own_users: Returns the same of the user's own streams: their topics, and the users.
        topics: Returns the names of Kafka's topics.
        open_user: Opens a user's screen.
        open_own_user: Opens that of a user of another stream, by its topic.
        open_topic: Opens a topic's records.
        profiles: Returns the names of the other profiles.
        open_profile: Switches to the console of another profile.
        submitted: Set while Enter waits for the search, which then waits for Kafka no longer.
    """

    users: Callable[[str, int], Sequence[int]] | None
    topics: Callable[[], Sequence[str]]
    open_user: Callable[[int], object]
    open_topic: Callable[[str], object]
    own_users: Callable[[str, int], Sequence[tuple[str, str]]] = lambda _, __: ()
    open_own_user: Callable[[str, str], object] = lambda topic, user: None
    profiles: Callable[[], Sequence[str]] = tuple
    open_profile: Callable[[str], object] = str
    submitted: asyncio.Event = field(default_factory=asyncio.Event)


class Palette(CommandPalette):
    """The palette in the console's look.

    Args:
        jumps: Jumps to offer besides the keys; None for none.
        read_only: Whether to omit keys that change something.
    """

    CSS_PATH: ClassVar[str] = "palette.tcss"
    # Hits within this time are only shown with the next one, which may wait for Kafka.
    _RESULT_BATCH_TIME: ClassVar[float] = 0.0  # type: ignore[misc]  # Final there

    def __init__(self, jumps: Jumps | None = None, *, read_only: bool = False) -> None:
        self._submitted = jumps.submitted if jumps is not None else asyncio.Event()
        keys = type("Keys", (KeyCommands,), {"read_only": read_only})
        kinds = (JumpCommands, ProfileCommands) if jumps is not None else ()
        places = [type("Places", (kind,), {"jumps": jumps}) for kind in kinds]
        super().__init__(
            [keys, ThemeCommands, *places], placeholder="An action, a user, a topic, a theme"
        )

    def validate__show_busy(self, busy: bool) -> bool:
        """Show no longer that a search goes on once it has ended.

        Its countdown may end just before it does, and be heard of after it.
        """
        return busy and self._busy_timer is not None

    @on(Input.Changed)
    def _forget_enter(self) -> None:
        self._submitted.clear()

    @on(Input.Submitted)
    def _wait_for_search(self, event: Input.Submitted) -> None:
        """Choose at the end of the search: until then, the list is that of an earlier one."""
        if any(
            worker.group == self._GATHER_COMMANDS_GROUP and not worker.is_finished
            for worker in self.workers
            if worker.node is self
        ):
            event.stop()
            event.prevent_default()
            self._submitted.set()

    @on(Worker.StateChanged)
    def _choose_at_end(self, event: Worker.StateChanged) -> None:
        ended = event.state is WorkerState.SUCCESS
        if ended and event.worker.group == self._GATHER_COMMANDS_GROUP and self._submitted.is_set():
            self._submitted.clear()
            # The list is laid out first.
            self.call_after_refresh(self._select_or_command)

    def _action_command_list(self, action: str) -> None:
        # Textual accesses lines of a list that may not have been laid out yet.
        if self.query_one(CommandList).size.height:
            super()._action_command_list(action)


@dataclass(frozen=True, slots=True)
class Command:
    """One line of the palette: a key, if there is one, a label and a help text."""

    key: str
    label: str
    help: str
    run: Run

    @property
    def words(self) -> str:
        """The text that is searched, and shown after the key."""
        return f"{self.label} — {self.help}" if self.help else self.label

    def hit(self, matcher: Matcher) -> Hit | None:
        """Return a hit with its matches highlighted; None when nothing matches."""
        # A match in the label counts for more than one in the help.
        score = max(_NAMED * matcher.match(self.label), matcher.match(self.words))
        return Hit(score, self._line(matcher), self.run, text=self.words) if score > 0 else None

    def exact_hit(self, score: float) -> Hit:
        return Hit(score, self._line(None), self.run, text=self.words)

    def discovery(self) -> DiscoveryHit:
        """Return the line as shown before anything is typed."""
        return DiscoveryHit(self._line(None), self.run, text=self.words)

    def _line(self, matcher: Matcher | None) -> Content:
        key = content([Piece(f"{self.key:<{_KEY_CELLS}}", Tone.ACCENT)])
        pieces = [Piece(self.label, Tone.STRONG)]
        pieces += [Piece(f" — {self.help}", Tone.QUIET)] if self.help else []
        words = content(pieces)
        if matcher is not None and matcher.match_style is not None:
            # The matcher's own highlighting would parse the text as markup.
            _, places = matcher.fuzzy_search.match(matcher.query, self.words)
            for place in places:
                words = words.stylize(matcher.match_style, place, place + 1)
        return key + words


class KeyCommands(Provider):
    """The keys that work on the screen below the palette."""

    read_only: ClassVar[bool] = False

    async def search(self, query: str) -> Hits:
        """Yield the keys whose label or help matches."""
        matcher = self.matcher(query)
        for command in self.commands():
            hit = command.hit(matcher)
            if hit is not None:
                yield hit

    async def discover(self) -> Hits:
        """Yield all keys except families of keys, which only a search finds."""
        for command in self.commands(families=False):
            yield command.discovery()

    def commands(self, *, families: bool = True) -> Iterator[Command]:
        """Yield a command for each key that works here.

        Args:
            families: Whether to include families: many keys with one action.
        """
        active = self.screen.active_bindings
        refused = changing_actions() if self.read_only else frozenset[str]()
        for entry in KEYMAP:
            if entry.action == _PALETTE or entry.action.partition("(")[0] in refused:
                continue
            if len(entry.keys) > 1 and "{key}" in entry.action and not families:
                continue
            each = entry.keys if "{key}" in entry.action else entry.keys[:1]
            for key in each:
                bound = active.get(key)
                # The same key may do something else here, as its own line of the keymap says.
                if bound is None or not bound.enabled or bound.binding.tooltip != entry.help:
                    continue
                label = entry.label if len(each) == 1 else f"{entry.label} {key}"
                shown = entry.shown if len(each) == 1 else key
                run = partial(self.app.run_action, bound.binding.action, bound.node)
                yield Command(shown, label, entry.help, run)


class ThemeCommands(Provider):
    """Commands that switch to a theme by name."""

    async def search(self, query: str) -> Hits:
        """Yield the themes whose name matches."""
        matcher = self.matcher(query)
        for command in _themes(self.app):
            hit = command.hit(matcher)
            if hit is not None:
                yield hit


class JumpCommands(Provider):
    """Commands that open a user or a topic."""

    jumps: ClassVar[Jumps]

    def __init__(self, screen: Screen[object], match_style: object = None) -> None:
        super().__init__(screen, match_style)  # type: ignore[arg-type]  # passed on as it comes
        self._topics: asyncio.Task[Sequence[str]] | None = None

    async def startup(self) -> None:
        """Start to list the topics, which may take Kafka a moment."""
        self._topics = asyncio.create_task(_looked_up(self.jumps.topics))

    async def shutdown(self) -> None:
        """Stop waiting for the topics."""
        if self._topics is not None:
            self._topics.cancel()

    async def search(self, query: str) -> Hits:
        """Yield the user with this id, users whose id contains it, and matching topics."""
        typed = query.strip().replace(",", "")
        if typed.isascii() and typed.removeprefix("-").isdecimal():
            async for user in self._users(typed):
                yield user
        async for user in self._own_users(query.strip()):
            yield user
        matcher = self.matcher(query)
        for topic in (await self._known_topics())[:_MOST_TOPICS]:
            hit = self._topic(topic).hit(matcher)
            if hit is not None:
                yield hit

    async def _known_topics(self) -> Sequence[str]:
        """Return the topics; none if they are not known yet when Enter is pressed."""
        if self._topics is None:
            return ()
        submitted = asyncio.create_task(self.jumps.submitted.wait())
        try:
            # When this query is cancelled, another one must be able to go on waiting.
            await asyncio.wait({self._topics, submitted}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            submitted.cancel()
        return self._topics.result() if self._topics.done() else ()

    async def _users(self, typed: str) -> Hits:
        if self.jumps.users is None:
            return
        known = await _looked_up(partial(self.jumps.users, typed, _MOST_USERS))
        exact = _user_id(typed)
        if exact is not None:
            yield self._user(exact).exact_hit(_KNOWN + 1 if exact in known else _UNKNOWN)
        for place, user in enumerate(known[:_MOST_USERS]):
            if user != exact:
                yield self._user(user).exact_hit(_KNOWN - place / 100)

    async def _own_users(self, typed: str) -> Hits:
        if not typed:
            return
        known = await _looked_up(partial(self.jumps.own_users, typed, _MOST_USERS))
        for place, (topic, user) in enumerate(known):
            begins = len(typed) >= _ENOUGH and user.lower().startswith(typed.lower())
            score = _KNOWN + 1 if user.lower() == typed.lower() else _BEGINS if begins else _OWN
            command = Command(
                "",
                f"Go to user {text.clean(user, _NAME_CELLS)} of {text.clean(topic, _NAME_CELLS)}",
                "",
                partial(self.jumps.open_own_user, topic, user),
            )
            yield command.exact_hit(score - place / 100)

    def _user(self, user: int) -> Command:
        return Command("", f"Go to user {user}", "", partial(self.jumps.open_user, user))

    def _topic(self, topic: str) -> Command:
        name = text.clean(topic)
        return Command("", f"Open topic {name}", "", partial(self.jumps.open_topic, topic))


class ProfileCommands(Provider):
    """Commands that switch to another profile."""

    jumps: ClassVar[Jumps]

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in await self._commands():
            hit = command.hit(matcher)
            if hit is not None:
                yield hit

    async def discover(self) -> Hits:
        for command in await self._commands():
            yield command.discovery()

    async def _commands(self) -> list[Command]:
        return [
            Command(
                "",
                f"Profile: {text.clean(name)}",
                "Close this stack, as quitting does, and open that one",
                partial(self.jumps.open_profile, name),
            )
            for name in await _looked_up(self.jumps.profiles)
        ]


def _user_id(typed: str) -> int | None:
    user = int(typed) if len(typed) <= _ID_CHARACTERS else None
    return user if user is not None and user in _USER_IDS else None


def _themes(app: App[object]) -> Iterator[Command]:
    for theme in THEMES:
        yield Command("", f"Theme {title(theme)}", "", partial(setattr, app, "theme", theme.name))


async def _looked_up(look: Callable[[], Sequence[T]]) -> Sequence[T]:
    try:
        return await asyncio.to_thread(look)
    except Exception as error:
        # While Kafka is away, a palette without topics is better than none.
        _log.info("the palette omits it", exc_info=error)
        return ()
