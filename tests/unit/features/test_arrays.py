"""Arrays as columns: how they are declared, read, and what features may do with them."""

from __future__ import annotations

import json
from collections.abc import Callable

import ibis
import ibis.expr.types as ir
import pytest

from pipeline.errors import InputError
from pipeline.features import Feature
from pipeline.flink.refusals import refusal
from pipeline.formats.json.decoder import JsonDecoder
from pipeline.sources import Source, source


def carts(dtype: str = "array<string>", **more: str) -> Source:
    return source(
        topic="carts",
        schema={"at": "timestamp(3)", "tags": dtype},
        time="at",
        **more,  # type: ignore[arg-type]  # texts alone, as these options are
    )


def read(tags: str, dtype: str = "array<string>") -> object:
    decoder = JsonDecoder(carts(dtype))
    value = f'{{"at": "2024-03-01 09:00:00", "tags": {tags}}}'.encode()
    row = decoder.closely(value)
    assert row == decoder.usual(value)
    assert not isinstance(row, tuple)
    found: object = row.tags
    return found


@pytest.mark.parametrize(
    ("tags", "dtype", "expected"),
    [
        ('["a", null, ""]', "array<string>", ["a", None, ""]),
        ("[]", "array<string>", []),
        ("null", "array<string>", None),
        ('"a"', "array<string>", None),
        ('{"0": "a"}', "array<string>", None),
        ('[1.10, true, ["x"]]', "array<string>", ["1.1", "true", '["x"]']),
        ('[1, "2", 3.9, "x", null]', "array<int64>", [1, 2, 3, None, None]),
        ("[127, 128]", "array<int8>", [127, None]),
        ('[true, "TRUE", 0]', "array<boolean>", [True, True, False]),
    ],
)
def test_elements_are_read_as_columns_are(tags: str, dtype: str, expected: object) -> None:
    assert read(tags, dtype) == expected


@pytest.mark.parametrize(
    ("dtype", "said"),
    [
        ("array<timestamp(3)>", "is not a type that a column can have"),
        ("array<float32>", "is not a type that a column can have"),
        ("array<array<string>>", "is not a type that a column can have"),
    ],
)
def test_other_arrays_are_refused(dtype: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        carts(dtype)


def test_arrays_are_for_json() -> None:
    with pytest.raises(InputError, match="which is for json, and its format is csv"):
        carts(format="csv")


def as_feature(expression: Callable[[ir.Table], ir.Table]) -> Feature:
    return Feature(name="f", topic="own_f", expression=expression, sources=(carts(),))


@pytest.mark.parametrize(
    "expression",
    [
        lambda t: t.select("at", n=t.tags.length(), gift=t.tags.contains("gift")),
        lambda t: t.filter(t.tags.notnull()).select("at"),
    ],
)
def test_what_both_engines_compute_alike_is_accepted(
    expression: Callable[[ir.Table], ir.Table],
) -> None:
    assert refusal(as_feature(expression)) is None


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        (lambda t: t.select("at", "tags"), "'tags' is of type array<string>, which a sink topic"),
        (lambda t: t.select("at", first=t.tags[0]), "array_index() of an array is not the same"),
        (lambda t: t.select("at", n=t.tags.unique().length()), "array_distinct() of an array"),
        (
            lambda t: t.select("at", odd=t.tags.contains(ibis.ifelse(t.at.isnull(), "x", None))),
            "array_contains() of an array is not the same",
        ),
        (lambda t: t.select("at", tag=t.tags.unnest()), "unnest() of an array is not the same"),
    ],
)
def test_what_they_do_not_is_refused(expression: Callable[[ir.Table], ir.Table], said: str) -> None:
    found = refusal(as_feature(expression))
    assert found is not None and said in found[0]


def test_a_required_array_says_what_it_should_be() -> None:
    decoder = JsonDecoder(carts(required="tags"))
    value = json.dumps({"at": "2024-03-01 09:00:00", "tags": "a"}).encode()
    assert decoder.closely(value)[1] == 'tags is "a", not an array<string>'
