"""Rewriting an expression, an operation at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis.expr.types as ir


def rewritten(table: ir.Table, change: Callable[[Any], Any]) -> ir.Table:
    """Replace each operation of an expression by what `change` makes of it, its inputs first."""

    def replacer(node: Any, changed: dict[str, Any] | None) -> Any:
        return change(node.__recreate__(changed) if changed else node)

    return table.op().replace(replacer).to_expr()
