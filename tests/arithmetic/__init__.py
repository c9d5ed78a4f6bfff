"""What features compute at the edges, case by case: a sentence, a feature, rows in, rows out.

The sentences are those of the contract in `docs/feature-arithmetic.md`. `tests/unit/parity` holds
each case on DuckDB, and `tests/e2e` on Flink. The features of the second half of that page are run
as they stand there.
"""
