"""Reads files with DuckDB and turns their rows into sorted records of a topic.

From the outside in: `target` (what the rows become: transactions, or records of another source),
`opened` and `sources` (which files, unpacked), `contents` (CSV, JSON or Parquet, as a table of
texts), `mapping` and `layouts` (which column is which field), `conversions` and `values` (from text
to value), `oddities` (how dates and amounts are written), `left_out_rows` (which rows are left out,
and why), `rows_table` (the table of all rows), `prepared` (sorted by time), `encoder` and
`records_sql` (as values of records).
"""
