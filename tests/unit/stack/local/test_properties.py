"""Values in a properties file are what Java reads from it, as its documentation says."""

from __future__ import annotations

import pytest

from pipeline.stack.local.properties import render


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("/var/José x/data", rb"a.b=/var/Jos\u00e9 x/data"),
        ("/日😀", rb"a.b=/\u65e5\ud83d\ude00"),
        (r"C:\new", rb"a.b=C:\\new"),
        ("  two", b"a.b=\\  two"),
        ("end ", b"a.b=end "),
        ("a=b:c#d!e", b"a.b=a=b:c#d!e"),
        ("1\t2\n3\r4\f5\x7f", rb"a.b=1\t2\n3\r4\f5\u007f"),
        (8, b"a.b=8"),
        ("", b"a.b="),
    ],
)
def test_a_value(value: object, line: bytes) -> None:
    assert render({"a.b": value, "c": "d"}) == line + b"\nc=d\n"
