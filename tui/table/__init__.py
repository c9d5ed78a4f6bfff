"""A table of any rows: columns, queries and filters, the live table, export."""
