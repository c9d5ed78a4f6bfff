"""The sentences of the contract about what is refused, and an expression for each."""

from __future__ import annotations

from .case import Refused

REFUSED: dict[str, Refused] = {
    "corrected": Refused(
        "Rows are only appended to a topic and never corrected, so a feature whose results would "
        "change later is refused.",
        "transaction.group_by('user_id').agg(n=transaction.count())",
        "it aggregates without a window, so no row would ever be final",
    ),
    "ranked": Refused(
        "A stream is ordered by its time column alone, so a ranking by anything else is refused.",
        "transaction.mutate(n=ibis.row_number().over("
        "group_by=transaction.user_id, order_by=ibis.desc(transaction.amt)))",
        "a window of .over() is not ordered by transaction.trans_date_trans_time alone, ascending",
    ),
    "several": Refused(
        "A feature over one source combines no tables: a join, a union and a look into another one "
        "are refused.",
        "transaction.join(transaction.view(), 'user_id').select('user_id', "
        "'trans_date_trans_time')",
        "it combines tables, but has one source: only two, joined by time, can be proved",
    ),
    "by_chance": Refused(
        "`limit()` and `sample()` are refused, since which rows they keep is chance.",
        "transaction.select('user_id', 'trans_date_trans_time').limit(3)",
        "limit() keeps rows by chance, so no recomputation could equal it",
    ),
    "ahead": Refused(
        "What needs later rows, as `lead()` does, is refused.",
        "transaction.mutate(next=transaction.amt.lead().over("
        "group_by=transaction.user_id, order_by=transaction.trans_date_trans_time))",
        "lead() needs rows that follow, which a stream has not read yet",
    ),
    "row_number_beside": Refused(
        "`row_number()` beside another function in one select is refused, since it counts rows and "
        "the others have a range of time.",
        "transaction.select('trans_date_trans_time', "
        "n=ibis.row_number().over(group_by=transaction.user_id, "
        "order_by=transaction.trans_date_trans_time), "
        "before=transaction.amt.lag().over(group_by=transaction.user_id, "
        "order_by=transaction.trans_date_trans_time))",
        "one select has several windows of .over(), but Flink computes one at a time",
    ),
    "float_as_text": Refused(
        "A float or a time as a text is refused, since Flink and DuckDB write them differently.",
        "transaction.mutate(amount=transaction.amt.cast('string'))",
        "it casts a float to a text, which Flink and DuckDB write differently",
    ),
    "decimal_mean": Refused(
        "A mean or a quotient of decimals is refused.",
        "transaction.select('trans_date_trans_time', "
        "half=transaction.amt.cast('decimal(12,2)') / 2)",
        "it divides decimals, as a mean does",
    ),
}
