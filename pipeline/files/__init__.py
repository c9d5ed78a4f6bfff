"""Files of transactions as people have them, read by DuckDB into the topic's records, in order.

From the outside in: `opened` and `sources` (which files, unpacked), `contents` (CSV, JSON or
Parquet, as a table of texts), `mapping` and `layouts` (which column is which field), `conversions`
(from text to value), `validity` (what is left out, and why), `rows` (the table of it all),
`prepared` (sorted by time).
"""
