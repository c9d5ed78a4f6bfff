"""The table of keys, from which bindings, footer, help and docs/keys.md are made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from textual.binding import Binding, BindingType


class Scope(StrEnum):
    """Where a key works; the value is the heading in the help."""

    JOBS = "Jobs panel"
    SIGNALS = "Signals panel"
    TABLE = "Tables and panels"
    DASHBOARD = "Dashboard"
    USER = "One user"
    JOB = "One job"
    ALERT = "One alert"
    MISMATCHES = "Mismatches of a job"
    ROWS = "Rows of a job"
    RECORDS = "Records"
    INSPECT = "A topic as a source"
    QUARANTINE = "Quarantine"
    QUALITY = "Quality of a signal"
    BESIDE = "Two signals"
    SIMULATOR = "Simulator"
    HOLDING = "A test of a row"
    QUESTION = "A question"
    CHANGED = "A changed job"
    EXPORT = "Export"
    COLUMNS = "Columns"
    APP = "Everywhere"


CHAINS: Final = (
    (Scope.JOBS, Scope.TABLE, Scope.DASHBOARD, Scope.APP),
    (Scope.SIGNALS, Scope.TABLE, Scope.DASHBOARD, Scope.APP),
    (Scope.TABLE, Scope.USER, Scope.APP),
    (Scope.JOB, Scope.APP),
    (Scope.ALERT, Scope.APP),
    (Scope.TABLE, Scope.MISMATCHES, Scope.APP),
    (Scope.TABLE, Scope.ROWS, Scope.APP),
    (Scope.TABLE, Scope.RECORDS, Scope.APP),
    (Scope.INSPECT, Scope.APP),
    (Scope.TABLE, Scope.QUARANTINE, Scope.APP),
    (Scope.QUALITY, Scope.APP),
    (Scope.TABLE, Scope.BESIDE, Scope.APP),
    (Scope.SIMULATOR, Scope.APP),
    (Scope.HOLDING, Scope.APP),
    (Scope.QUESTION,),
    (Scope.CHANGED,),
    (Scope.EXPORT,),
    (Scope.COLUMNS,),
)
"""Scopes that are active together, from the focused widget outwards; a key is in one of them only."""


@dataclass(frozen=True, slots=True)
class Key:
    """An action and its keys.

    Attributes:
        keys: Textual's names of the keys; the first is the one in the footer.
        action: Name of the method, without `action_`, of the scope's owner, and its arguments;
            `{key}` stands for the key that was pressed.
        label: One or two words for the footer.
        help: A phrase for the help.
        scope: Where it works.
        footer: Whether the footer has it.
        priority: Whether it works before the focused widget sees the key.
        changes: Whether it changes something outside the console; read-only mode disables it.
    """

    keys: tuple[str, ...]
    action: str
    label: str
    help: str
    scope: Scope
    footer: bool = False
    priority: bool = False
    changes: bool = False

    @property
    def shown(self) -> str:
        """The keys as they are written for people: `j ↓`."""
        return " ".join(_WRITTEN.get(key, key) for key in self.keys)


_WRITTEN: Final = {
    "question_mark": "?",
    "f1": "F1",
    "f5": "F5",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "escape": "esc",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "shift+tab": "⇧tab",
    "slash": "/",
    "colon": ":",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "plus": "+",
    "minus": "-",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}

_J, _T, _D, _A = Scope.JOBS, Scope.TABLE, Scope.DASHBOARD, Scope.APP
_U, _ONE, _R, _SIM = Scope.USER, Scope.JOB, Scope.RECORDS, Scope.SIMULATOR
_I, _S, _QU = Scope.INSPECT, Scope.SIGNALS, Scope.QUALITY
_AL, _B = Scope.ALERT, Scope.BESIDE
_Q, _C, _E = Scope.QUESTION, Scope.CHANGED, Scope.EXPORT


def _key(keys: str, action: str, label: str, help: str, scope: Scope, *flags: str) -> Key:
    """One line of the table; `flags` names Boolean fields of Key that are set."""
    return Key(tuple(keys.split()), action, label, help, scope, **dict.fromkeys(flags, True))


KEYMAP: Final = (
    _key("s", "start", "start", "Start the selected job from its saved state", _J, "footer", "changes"),
    _key("x", "stop", "stop", "Stop the selected job, taking a savepoint", _J, "footer", "changes"),
    _key("S", "start_all", "start all", "Start every job that is not running", _J, "changes"),
    _key("X", "stop_all", "stop all", "Stop every job, taking savepoints", _J, "changes"),
    _key("ctrl+d", "cancel", "cancel", "Cancel the selected job and discard its state", _J, "changes"),
    _key("v", "rows", "rows", "View the rows that the selected job writes", _J),
    _key("V", "prove", "prove", "Prove the selected job's rows by a batch recomputation", _J, "footer"),
    _key("f5", "prove_all", "prove all", "Prove the rows of every job, one job after the other", _J),
    _key("d", "mismatches", "mismatches", "The rows that its last proof found not to be equal", _J),
    _key("Q", "quality", "quality", "How well the signal does; try another threshold", _S, "footer"),
    _key("B", "beside", "beside", "The signal beside another one; which of them is live", _S),
    _key("s", "start", "start", "Start the signal's job from its saved state", _S, "changes"),
    _key("x", "stop", "stop", "Stop the signal's job, taking a savepoint", _S, "changes"),
    _key("v", "rows", "rows", "View all records that the signal has scored", _S),
    _key("enter", "open", "open", "Open the selected row: a user, a job, a record", _T, "footer"),
    _key("slash", "filter", "filter", "Filter: words, or fields such as count>5 mean>300 user:-3122", _T, "footer"),
    _key("j down", "move(1)", "down", "Next row", _T),
    _key("k up", "move(-1)", "up", "Previous row", _T),
    _key("g home", "first", "top", "First row; stay on top as new rows arrive", _T),
    _key("G end", "last", "bottom", "Last row", _T),
    _key("pagedown", "page(1)", "page down", "One page down", _T),
    _key("pageup", "page(-1)", "page up", "One page up", _T),
    _key("o", "sort_next", "sort", "Sort by the next column", _T),
    _key("O", "sort_reverse", "reverse", "Reverse the sort order", _T),
    _key("A C D F L M N U W", "sort_letter('{key}')", "sort by", "Sort by the column with this letter", _T),
    _key("c", "columns", "columns", "Choose which columns are shown", _T),
    _key("y", "copy", "copy", "Copy the id of the selected row; works over SSH", _T),
    _key("E", "export", "export", "Export the filtered rows: CSV, JSON lines or Parquet", _T),
    _key("1", "panel('jobs')", "jobs", "Go to Jobs", _D),
    _key("2", "panel('users')", "users", "Go to Users: the latest row of each user", _D),
    _key("3", "panel('windows')", "windows", "Go to Windows", _D),
    _key("4", "panel('flagged')", "flagged", "Go to Flagged: what labels or features flag", _D),
    _key("5", "panel('plots')", "plots", "Go to Plots", _D),
    _key("6", "records", "records", "Records: browse any topic", _D),
    _key("7", "panel('signals')", "signals", "Go to Signals: alerts, and how well the signals do", _D),
    _key("b", "quarantine", "bad records", "Quarantine: invalid records", _D),
    _key("w", "next_feature", "windows", "Other windows, own features, signals; streams in Plots", _D),
    _key("right", "turn(1)", "next", "Next table", _D),
    _key("left", "turn(-1)", "previous", "Previous table", _D),
    _key("tab", "app.focus_next", "next panel", "Next panel", _D),
    _key("shift+tab", "app.focus_previous", "previous panel", "Previous panel", _D),
    _key("m", "maximise", "maximise", "Maximise the panel; again to restore it", _D),
    _key("p", "freeze", "freeze", "Freeze the tables; again to follow", _D, "footer"),
    _key("i", "simulator", "simulator", "Pause, speed up or stop the simulator; inject fraud", _D, "changes"),
    _key("r", "refresh_now", "refresh", "Refresh the status now; retry a failed start", _D),
    _key("V", "prove", "prove", "Prove the job's rows again", Scope.MISMATCHES, "footer"),
    _key("tab", "app.focus_next", "inputs", "From the rows to the inputs of one, and back", Scope.MISMATCHES, "footer"),
    _key("s", "shrink", "smallest", "Write the smallest case that still differs, as a test", Scope.MISMATCHES, "footer", "changes"),
    _key("h", "hold", "hold", "Hold what the selected row is computed from, as a test", _U, "footer", "changes"),
    _key("y", "copy", "copy", "Copy the path of the test; works over SSH", Scope.HOLDING),
    _key("greater_than_sign", "neighbour(1)", "next", "The next user of the table", _U, "footer"),
    _key("less_than_sign", "neighbour(-1)", "previous", "The previous user of the table", _U, "footer"),
    _key("c", "confirm", "confirm", "Confirm that it is fraud; the next open alert follows", _AL, "footer", "changes"),
    _key("d", "dismiss_alert", "dismiss", "Dismiss it as legitimate, with a note; the next one follows", _AL, "footer", "changes"),
    _key("u", "undo", "undo", "Undo the verdict on it, or else the last one given here", _AL, "footer", "changes"),
    _key("t", "take", "take", "Tell others that you look at it; again to give it back", _AL, "changes"),
    _key("greater_than_sign", "neighbour(1)", "next", "The next alert of the table", _AL, "footer"),
    _key("less_than_sign", "neighbour(-1)", "previous", "The previous alert of the table", _AL),
    _key("enter", "user", "user", "Open the user's screen", _AL, "footer"),
    _key("j down", "focused.move(1)", "down", "Next row of the user's history", _AL),
    _key("k up", "focused.move(-1)", "up", "Previous row of the user's history", _AL),
    _key("g home", "focused.first", "top", "Newest row of the user's history", _AL),
    _key("G end", "focused.last", "bottom", "Oldest row of the user's history", _AL),
    _key("pagedown", "scroll(6)", "page down", "Scroll the reasons and inputs down", _AL),
    _key("pageup", "scroll(-6)", "page up", "Scroll the reasons and inputs up", _AL),
    _key("y", "copy", "copy", "Copy the identity of the record; works over SSH", _AL),
    _key("s", "start", "start", "Start the job from its saved state", _ONE, "footer", "changes"),
    _key("x", "stop", "stop", "Stop the job, taking a savepoint", _ONE, "footer", "changes"),
    _key("ctrl+d", "cancel", "cancel", "Cancel the job and discard its state", _ONE, "changes"),
    _key("greater_than_sign", "neighbour(1)", "next", "The next job", _ONE, "footer"),
    _key("less_than_sign", "neighbour(-1)", "previous", "The previous job", _ONE),
    _key("v", "rows", "rows", "View the rows that the job writes", _ONE),
    _key("V", "prove", "prove", "Prove the job's rows by a batch recomputation", _ONE, "footer"),
    _key("d", "mismatches", "mismatches", "The rows that the last proof found not to be equal", _ONE),
    _key("1", "section('expression')", "Ibis", "The Ibis expression", _ONE),
    _key("2", "section('sql')", "SQL", "The Flink SQL that runs", _ONE),
    _key("3", "section('exceptions')", "exceptions", "Exceptions with their stack traces", _ONE),
    _key("4", "section('state')", "state", "Savepoints and checkpoints, and the one to resume from", _ONE),
    _key("5", "section('timeliness')", "in time", "When values were there, and what was known before", _ONE),
    _key("right tab", "turn(1)", "next", "Next section", _ONE),
    _key("left shift+tab", "turn(-1)", "previous", "Previous section", _ONE),
    _key("j down", "scroll(1)", "down", "Scroll down", _ONE),
    _key("k up", "scroll(-1)", "up", "Scroll up", _ONE),
    _key("pagedown", "scroll(12)", "page down", "Scroll down by half a screen", _ONE),
    _key("pageup", "scroll(-12)", "page up", "Scroll up by half a screen", _ONE),
    _key("g home", "scroll(-99999)", "top", "Scroll to the top", _ONE),
    _key("G end", "scroll(99999)", "bottom", "Scroll to the end", _ONE),
    _key("y", "copy", "copy", "Copy the SQL; works over SSH", _ONE, "footer"),
    _key("p", "freeze", "freeze", "Freeze the rows; again to follow", Scope.ROWS, "footer"),
    _key("t", "topic", "topic", "Choose a topic", _R, "footer"),
    _key("b", "from_beginning", "start", "Read from the beginning", _R, "footer"),
    _key("e", "from_end", "end", "Read only new records", _R, "footer"),
    _key("a", "from_time", "time", "Read from a given time", _R),
    _key("p", "freeze", "freeze", "Freeze the list; again to follow", _R),
    _key("n", "inspect", "inspect", "Inspect: the source(...) that fits the topic", _R),
    _key("j down", "scroll(1)", "down", "Scroll down", _I),
    _key("k up", "scroll(-1)", "up", "Scroll up", _I),
    _key("pagedown", "scroll(12)", "page down", "Scroll down by half a screen", _I),
    _key("pageup", "scroll(-12)", "page up", "Scroll up by half a screen", _I),
    _key("g home", "scroll(-99999)", "top", "Scroll to the top", _I),
    _key("G end", "scroll(99999)", "bottom", "Scroll to the end", _I),
    _key("y", "copy", "copy", "Copy the declaration; works over SSH", _I, "footer"),
    _key("r", "again", "again", "Look at the newest records again", _I, "footer"),
    _key("p", "freeze", "freeze", "Freeze the list; again to follow", Scope.QUARANTINE, "footer"),
    _key("right_square_bracket", "propose(1)", "higher", "Try a threshold that is 0.01 higher", _QU, "footer"),
    _key("left_square_bracket", "propose(-1)", "lower", "Try a threshold that is 0.01 lower", _QU, "footer"),
    _key("enter", "give", "use it", "Give the signal this threshold, now and at every start", _QU, "footer", "changes"),
    _key("d", "drift", "drift", "How far inputs and score have drifted; again for the plots", _QU, "footer"),
    _key("h", "reference", "compare", "Compare the inputs with the last hour of event time", _QU),
    _key("backspace", "forget", "forget", "Forget the threshold that is tried", _QU),
    _key("w", "other", "other", "Compare with the next signal", _B, "footer"),
    _key("m", "promote", "make live", "Make the other signal the live one; asks first", _B, "footer", "changes"),
    _key("r", "roll_back", "roll back", "Make live again what was live before", _B, "footer", "changes"),
    _key("space", "pause", "pause", "Pause or resume", _SIM, "footer", "changes"),
    _key("o", "power", "on or off", "Start or stop the simulator", _SIM, "footer", "changes"),
    _key("plus", "rate(2.0)", "faster", "Twice as many transactions a second", _SIM, "changes"),
    _key("minus", "rate(0.5)", "slower", "Half as many transactions a second", _SIM, "changes"),
    _key("right_square_bracket", "speed(2.0)", "event time", "Event time twice as fast", _SIM, "changes"),
    _key("left_square_bracket", "speed(0.5)", "event time", "Event time half as fast", _SIM, "changes"),
    _key("f", "inject_fraud", "inject fraud", "Start a fraud episode now", _SIM, "footer", "changes"),
    _key("t", "pattern('testing')", "testing", "Testing of stolen cards on or off", _SIM, "changes"),
    _key("k", "pattern('takeover')", "takeover", "Account takeovers on or off", _SIM, "changes"),
    _key("m", "pattern('merchant')", "merchant", "Merchants gone bad on or off", _SIM, "changes"),
    _key("l", "label_delay", "labels", "Labels in the transaction, or later by 1 h, 1 d, 7 d", _SIM, "changes"),
    _key("y", "confirm", "yes", "Confirm; no other key does", _Q),
    _key("n escape q", "refuse", "no", "Go back; nothing is changed", _Q),
    _key("f", "fresh", "start fresh", "Discard the state of the old SQL and start fresh", _C),
    _key("b", "as_before", "as before", "Start the old SQL from its saved state", _C),
    _key("n escape q", "refuse", "no", "Go back; nothing is changed", _C),
    _key("c", "choose('csv')", "CSV", "As CSV, for spreadsheets", _E),
    _key("j", "choose('jsonl')", "JSON lines", "As JSON, one row a line", _E),
    _key("p", "choose('parquet')", "Parquet", "As Parquet, with the types of the columns", _E),
    _key("enter", "export", "export", "Write the file", _E),
    _key("escape q", "close", "back", "Go back without writing a file", _E),
    _key("space enter", "switch", "show or hide", "Show the column, or hide it", Scope.COLUMNS),
    _key("j down", "move(1)", "down", "Next column", Scope.COLUMNS),
    _key("k up", "move(-1)", "up", "Previous column", Scope.COLUMNS),
    _key("escape q c", "close", "back", "Go back to the table", Scope.COLUMNS),
    _key("ctrl+p colon", "app.palette", "palette", "Every action, and a jump to any user or topic", _A, "footer"),
    _key("T", "app.next_theme", "theme", "Next theme: dark, light, colour-blind-safe, monochrome", _A),
    _key("P", "app.picture", "picture", "Save a picture (SVG) of the screen", _A),
    _key("question_mark f1", "app.toggle_help", "help", "This help", _A, "footer"),
    _key("escape", "app.back", "back", "Back; clear the filter", _A),
    _key("q", "app.leave", "quit", "Back; quit from the dashboard", _A, "footer"),
    _key("ctrl+z", "app.suspend_process", "suspend", "Suspend the console; `fg` resumes it", _A),
    _key("ctrl+q ctrl+c", "app.quit", "quit", "Quit; press again to leave at once", _A, "priority"),
)  # fmt: skip


def bindings(scope: Scope) -> list[BindingType]:
    """Return the `BINDINGS` of the screen or widget that owns a scope."""
    return [
        Binding(
            keys,
            key.action.format(key=keys),
            key.label,
            show=key.footer,
            key_display=_WRITTEN.get(key.keys[0], key.keys[0]),
            priority=key.priority,
            tooltip=key.help,
        )
        for key in KEYMAP
        if key.scope is scope
        for keys in (key.keys if "{key}" in key.action else (",".join(key.keys),))
    ]


def inner_bindings(scope: Scope) -> list[BindingType]:
    """Return the `BINDINGS` of a screen opened from another one, where `q` is labelled `back`."""
    back = (
        replace(binding, description="back")
        for binding in bindings(Scope.APP)
        if isinstance(binding, Binding) and binding.action == "app.leave"
    )
    return [*bindings(scope), *back]


def dialog_bindings(scope: Scope) -> list[BindingType]:
    """Return a dialog's `BINDINGS`: its own and the application's, where back becomes `close`."""
    return [
        replace(binding, action="close")
        if isinstance(binding, Binding) and binding.action in ("app.back", "app.leave")
        else binding
        for binding in (*bindings(scope), *bindings(Scope.APP))
    ]


def changing_actions() -> frozenset[str]:
    """Return the names, without arguments, of the actions that read-only mode refuses."""
    return frozenset(key.action.partition("(")[0] for key in KEYMAP if key.changes)
