from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from tui.drawing.tones import Piece
from tui.table.column import Column
from tui.table.layout import fit, lay_out, place


def column(title: str, width: int, drop: int = 0, grow: int = 0) -> Column[str]:
    return Column(title, width, lambda row, _: [Piece(row)], drop=drop, grow=grow)


COLUMNS = [column("a", 10), column("b", 10, drop=2), column("c", 10, drop=1, grow=8)]


@pytest.mark.parametrize(
    ("width", "titles"), [(10, "a"), (22, "ac"), (34, "abc"), (200, "abc"), (3, "a")]
)
def test_columns_that_matter_least_go_first(width: int, titles: str) -> None:
    assert "".join(placed.column.title for placed in place(COLUMNS, width)) == titles


def test_what_is_left_goes_to_growing_columns_then_to_gaps() -> None:
    assert [placed.width for placed in place(COLUMNS, 38)] == [10, 10, 14]
    assert [placed.gap for placed in place(COLUMNS, 60)] == [0, 5, 5]


def test_where_nothing_can_go_what_grows_gives_way() -> None:
    columns = [column("a", 10), column("b", 16, grow=16)]
    assert [placed.width for placed in place(columns, 20)] == [10, 8]
    line = lay_out(place(columns, 20), lambda _: [Piece("fraud_Olson, Becker")])
    assert "".join(piece.text for piece in line).endswith("…")


@pytest.mark.parametrize(
    "value", ["short", "exactly 10", "much longer than that", "東京東京東京東京"]
)
def test_fitted_pieces_have_exactly_the_width(value: str) -> None:
    for right in (False, True):
        pieces = fit([Piece(value), Piece(" x")], 10, right=right)
        assert sum(cell_len(piece.text) for piece in pieces) == 10


@pytest.mark.parametrize(
    ("last", "line"),
    [
        ("fits", "one        2        fits      "),
        ("as long as ten", "one        2        as long a…"),
        ("", "one        2                  "),
    ],
)
def test_a_cell_stays_right_of_one_that_says_something(last: str, line: str) -> None:
    assert laid_out("one", "2", last) == line


@pytest.mark.parametrize(
    ("last", "line"),
    [
        ("fits", "one                 fits      "),
        ("as long as ten", "one        as long as ten     "),
        ("longer than both of them are", "one        longer than both o…"),
    ],
)
def test_a_cell_that_does_not_fit_begins_where_cells_are_empty(last: str, line: str) -> None:
    assert laid_out("one", "", last) == line


def laid_out(*cells: str) -> str:
    columns = [column("a", 9), column("b", 7), replace(column("c", 10), spreads=True)]
    by_title = {
        each.title: [Piece(cell)] if cell else [] for each, cell in zip(columns, cells, strict=True)
    }
    return "".join(piece.text for piece in lay_out(place(columns, 30), lambda c: by_title[c.title]))


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (30, "✓ 9,317 rows proved, 40 s ago "),
        (29, "✓ 9,317 rows proved, 40 s ago"),
        (28, "✓ proved 40 s ago           "),
        (12, "✓ 40 s ago  "),
        (6, "✓ 40…"),
    ],
)
def test_what_does_not_fit_says_less_before_it_is_cut(width: int, said: str) -> None:
    piece = Piece("✓ 9,317 rows proved, 40 s ago", shorter=("✓ proved 40 s ago", "✓ 40 s ago"))
    assert "".join(each.text for each in fit([piece], width, right=False)).rstrip() == said.rstrip()
