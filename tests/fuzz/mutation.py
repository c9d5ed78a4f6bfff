"""JSON documents with random changes, seeded."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any, Final

Place = tuple[Any, Any]
"""A dictionary or a list, and a key or a number in it."""

# As JSON text, since Python has no values for some of them: NaN and an endless number.
_VALUES: Final = (
    *("null", "true", "[]", "{}", '""', '"x"', '"\\u0000\\u001b[31m"', '"../../x"', '"\\ud800"'),
    *("-1", "0", "1", "-9223372036854775809", "1" + "0" * 30, "1e308", "1e999", "-0.0", "0.5"),
    *("NaN", "Infinity", '"NaN"', '"-Infinity"', '"1e999"', '"-"', '"1.2.3"', '"\\u0661"', '"²"'),
    *('"9223372036854775807"', '"-9223372036854775808"', '"RUNNING"', '"FINISHED"', '"FAILED"'),
    *('["x"]', '[null,1,"x"]', '{"id":"x"}', '"' + "long " * 2_000 + '"', '"東京\\u202e🦊.."'),
    *("253402300800000", "-62135596800001", '"http://x/y?z#"', '"%2e%2e"'),
)


def mutated(value: Any, random: Random) -> bytes:
    """Return a JSON document with one to three values replaced, removed, doubled or renamed."""
    wrapped = [copy.deepcopy(value)]
    written: dict[str, str] = {}
    for _ in range(random.randint(1, 3)):
        parent, key = random.choice(list(_places(wrapped)))
        match random.randrange(6):
            case 0 if parent is not wrapped:
                del parent[key]
            case 1 if isinstance(parent, list):
                parent.append(copy.deepcopy(parent[key]))
            case 2 if isinstance(parent, dict):
                parent[f"{key}\u202e"] = parent.pop(key)
            case _:
                mark = f"@{len(written)}@"
                written[json.dumps(mark)] = random.choice(_VALUES)
                parent[key] = mark
    text = json.dumps(wrapped[0])
    for mark, instead in written.items():
        text = text.replace(mark, instead)
    return text.encode()


def _places(value: Any) -> Iterator[Place]:
    """Every position of a value in a document."""
    keys = value if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])
