"""Reads files of transactions with DuckDB and turns them into sorted records of the topic.

From the outside in: `opened` and `sources` (which files, unpacked), `contents` (CSV, JSON or
Parquet, as a table of texts), `mapping` and `layouts` (which column is which field), `conversions`
(from text to value), `validity` (which rows are left out, and why), `rows` (the table of all rows),
`prepared` (sorted by time).
"""
