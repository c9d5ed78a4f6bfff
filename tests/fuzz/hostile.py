"""Texts that a terminal might interpret, seeded; their numbers appear nowhere in the console."""

from __future__ import annotations

from random import Random
from typing import Final

NUMBER: Final = "7777"
"""In every escape sequence with parameters: the console has no such row, colour or mode."""

_FRAGMENTS: Final = (
    *(f"\x1b[{NUMBER};{NUMBER}H", f"\x1b[{NUMBER}m", f"\x1b[?{NUMBER}h", f"\x1b[{NUMBER}J"),
    *("\x1b]0;owned\x07", "\x1b]52;c;b3duZWQ=\x07", "\x1b]8;;x:owned\x1b\\link\x1b]8;;\x1b\\"),
    *(f"\x1bP{NUMBER}q\x1b\\", "\x1b_owned\x1b\\", "\x1b^owned\x1b\\", "\x1bXowned\x1b\\"),
    *(f"\x9b{NUMBER}m", "\x9d0;owned\x9c", "\x90owned\x9c", "\x9fowned\x9c"),
    *("\x1bc", "\x1b#8", "\x1b(0", "\x1b", "\x07", "\x08\x08\x08", "\x00", "\x05", "\x0e", "\x7f"),
    *("\r", "\n", "\t", "\v", "\f", "\x85", "\u2028", "\u2029"),
    *("\u202e", "\u2066", "\u2069", "\u200b", "\u200d", "\u200f", "\ufeff", "\u00ad", "\ufff9"),
    *("[red]x[/red]", "[@click=app.quit]x[/]", "[/]", "[", "\\[", "{x}", "%s"),
    *(
        "👩\u200d👩\u200d👧",
        "東京特許許可局",
        "a" + "\u0301" * 40,
        "\ufe0f",
        "\ue000",
        "\U0010ffff",
    ),
    *("fraud_Olson", " ", "", "'; DROP TABLE", "\u0130", "ß"),
)
_RANGES: Final = ((0x00, 0x20), (0x20, 0x7F), (0x7F, 0xA0), (0xA0, 0x2070), (0x2070, 0xD800))
_LONG: Final = 0.01


def texts(random: Random) -> str:
    """One hostile text, now and then of ten thousand characters."""
    if random.random() < _LONG:
        return random.choice(_FRAGMENTS) * 2_000
    parts = [random.choice(_FRAGMENTS) for _ in range(random.randint(1, 4))]
    first, last = random.choice(_RANGES)
    parts.append("".join(chr(random.randrange(first, last)) for _ in range(random.randint(0, 4))))
    random.shuffle(parts)
    return "".join(parts)
