"""Records of the streams of `csv_sources`: good ones in every form, odd ones, and invalid ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from pipeline.formats.kinds import Kind

from . import own_records

START: Final = datetime(2024, 3, 1, 9)
ACCOUNTS: Final = ("DE89 3704", "ü", " 7 ", 'say "no"', "a,b", "two\nlines", "null", "'", "😀")
TIMES: Final = (
    *("2024-03-01 09:30:00", "2024-03-01 09:30:00.25", "2024-03-01 09:30:00.1239", "2024-03-01"),
    *("2024-02-30 10:00:00", "2024-02-32 10:00:00", "2024-13-01 00:00:00", "2024-01-01 24:00:00"),
    *(" 2024-03-01 09:30:00\t", "2024-03-01T09:30:00", "2024-03-01 09:30:00.", "\u00a02024", ""),
)
WHOLE: Final = (
    *("1", "+2", "-3", " 4 ", "\x01 5 \x1f", "00012", "-0", "٣", "１２", "𝟏", "\u00a01", "1\u2003"),
    *("1.0", "1e3", "0x10", "1_0", "--1", "+", "-", "", " ", "127", "128", "-128", "-129"),
    *("32767", "32768", "2147483647", "2147483648", "-2147483649", "9223372036854775807"),
    *("9223372036854775808", "1" * 30, "0" * 450 + "7", "0" * 5_000, "null", "abc", "\\N"),
)
NUMBERS: Final = (
    *("1.5", "1e3", "1E-5", ".5", "5.", "+.5e1", "0x1p3", "0x.8P-2f", "1d", "2F", " 3.25\t"),
    *(
        "1,5",
        "1_0",
        "4.9e-324",
        "0.1",
        "16777217",
        "3.4e38",
        "1e",
        "0x1",
        "",
        "-0.0",
        "٣",
        "infinity",
        "x",
    ),
)
DECIMALS: Final = (
    *("0.000000005", "0.0000000049999", "-0.000000005", "1e3", "1E-9", "999999999999.999999994"),
    *("999999999999.999999995", "1e12", "1e400", "1e-400", " 1.5", "1.5 ", "٣", "+.5e1", "0x10"),
    *("-0", "", "1_0", "NaN"),
)
BOOLEANS: Final = ("true", "TRUE", " True ", "false", "yes", "1", "", "\u00a0true", "null")
DATES: Final = (
    *("2024-03-01", "2024-2-3", "2024-02-31", "2023-02-29", "2024-04-31", " 2024-03-01", "2024-3"),
    *("+123-1-1", "2024-+1-05", "2024-00-01", "2024-12-32", "2024-1-01x", "20240301", "0001-1-1"),
    *("1582-10-10", "1582-10-04", "1500-02-29", "1500-02-30", "1700-02-29", "0000-03-31", ""),
    "٢٠٢٤-٠١-٠١",
)  # fmt: skip
TEXTS: Final = (
    *("", " ", "null", "a\x00b", "#c", "\\N", "😀", "x" * 1_000, '"', 'a"b', "a,b\r\nc", "\u2028"),
)
ENDS: Final = ("", "\n", "\r", "\r\n", "\nmore, that is not read", '\r\n"', "\r\r")
BROKEN: Final = (
    *(b"\xff", b"\xc3", b"\xe2\x82", b"\x80", b"\xc3A", b"\xe2\x82A", b"\xf5\x80\x80\x80"),
    *(b"\xc0\x80", b"\xed\xa0\xbd\xed\xb8\x80", b"\xed\xa0\xbd", b"\xf0\x80\x80\x80", b"\0"),
)
"""What is no UTF-8; of some of it, Flink makes characters."""


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def transfers(count: int, seed: int = 5) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of transfers, none of which is late, and many of which are odd or invalid."""
    random = Random(seed)
    time = START
    for _ in range(count):
        time += timedelta(milliseconds=random.randrange(8_000))
        at = f"{time - timedelta(seconds=random.randrange(20))}"[: random.choice((19, 23, 26))]
        account = random.choice(ACCOUNTS)
        fields = [
            _field(at, random),
            _field(account, random, strict=True),
            _field(f"{random.randrange(-5_000, 5_000_000) / 100}", random),
            *(
                _field(random.choice(values), random)
                for values in (TIMES, TEXTS, WHOLE, WHOLE, WHOLE, WHOLE, NUMBERS, NUMBERS)
            ),
            *(_field(random.choice(values), random) for values in (BOOLEANS, DATES, DECIMALS)),
        ]
        yield account.encode(), _record(fields, random)


def _field(text: str, random: Random, *, strict: bool = False) -> str:
    """A text as a field, now and then in a form that is odd, or wrong."""
    if strict or any(character in text for character in ',"\r\n'):
        return quoted(text)
    chosen = random.random()
    if chosen < 0.2:
        return quoted(text) + random.choice(("", "", " ", "\t", "\x00 "))
    if chosen < 0.25:
        return random.choice((f"{text}  ", f' "{text}"', f'{text}"', f" {text}", f'x"{text}"'))
    if chosen < 0.26:
        return random.choice((f'"{text}', f'"{text}"x', f'"{text}" "'))
    return text


def _record(fields: list[str], random: Random) -> bytes:
    """A record of these fields, now and then with fewer, more, or other bytes."""
    chosen = random.random()
    if chosen < 0.05:
        fields = fields[: random.randrange(2, len(fields))]
    more = random.choice((",", ", ", ',""', ",x", ",,", ",\u00a0")) if 0.05 < chosen < 0.1 else ""
    text = ",".join(fields) + more + random.choice(ENDS)
    if 0.1 < chosen < 0.15:
        return text.encode(
            random.choice(("utf-8-sig", "utf-16", "utf-16-be", "utf-16-le", "utf-32"))
        )
    value = text.encode()
    if 0.15 < chosen < 0.2:
        at = random.choice((len(value), random.randrange(len(value))))
        return value[:at] + random.choice(BROKEN) + value[at:]
    return value


def invalid_transfers() -> Iterator[tuple[bytes | None, Kind]]:
    """Values that no feature may see, each with what is wrong with it."""
    ahead = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=3)
    good = "2024-03-01 10:00:00,a,1"
    columns = 14
    yield None, Kind.EMPTY
    yield b"", Kind.EMPTY
    yield b"\xff\xfe", Kind.NOT_CSV
    yield (good + "," * (columns - 1) + "x").encode(), Kind.NOT_CSV
    yield (good + "," * (columns - 1)).encode(), Kind.NOT_CSV
    yield f'{good},,"'.encode(), Kind.NOT_CSV
    yield f'{good},,"a"b'.encode(), Kind.NOT_CSV
    yield good.encode() + b"\xff", Kind.NOT_CSV
    yield b"\n" + good.encode(), Kind.MISSING
    yield b"2024-03-01 10:00:00,a", Kind.MISSING
    yield b"2024-03-01 10:00:00,,1", Kind.MISSING
    yield b'2024-03-01 10:00:00,"",1', Kind.MISSING
    yield b"at,account,amount", Kind.WRONG_TYPE
    yield b'{"at": "2024-03-01 10:00:00"}', Kind.WRONG_TYPE
    yield b"2024-03-01T10:00:00,a,1", Kind.WRONG_TYPE
    yield b"2024-03-01 10:00:00,a, 1", Kind.WRONG_TYPE
    yield b"2024-03-01 10:00:00,a,much", Kind.WRONG_TYPE
    yield b"1969-12-31 23:59:59,a,1", Kind.PAST
    yield f"{ahead},a,1".encode(), Kind.FUTURE
    yield b"2024-03-01 10:00:00,a,1000000000.01", Kind.AMOUNT
    yield f"{good},,,,,,,NaN".encode(), Kind.WRONG_TYPE
    yield f"{good},,,,,,,-Infinity".encode(), Kind.WRONG_TYPE
    yield f"{good},,,,,,,,3.5e38".encode(), Kind.WRONG_TYPE
    yield f"{good},,{'x' * 1_001}".encode(), Kind.LONG


def sessions(count: int, seed: int = 6) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of sessions, none of them late."""
    random = Random(seed)
    time = START
    for number in range(count):
        time += timedelta(milliseconds=random.randrange(10_000))
        began = own_records.written(time, random)
        ended = str(own_records.ODD_TIMES[number % len(own_records.ODD_TIMES)] or "")
        who = random.choice(WHOLE)
        stolen = random.choice(("Yes", "no", "TRUE", "1", "0", ""))
        end = quoted(ended) + random.choice(("", " ", "\x00 "))
        line = "\t".join((who, quoted(began), end, stolen))
        yield str(number).encode(), line.encode()
