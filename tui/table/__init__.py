"""Tables of any rows: columns, queries, filters, the live table, and export."""
