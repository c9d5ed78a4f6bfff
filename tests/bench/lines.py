"""What DuckDB alone does with a file that `replay` sends: read it, sort it, write JSON lines.

A process of its own that needs only DuckDB, with DuckDB's defaults.
"""

from __future__ import annotations

import sys

import duckdb


def main(file: str, lines: str) -> None:
    """Write a file of the Kaggle layout as the topic's records, one a line, sorted by time.

    Args:
        file: The file to read.
        lines: The file to write.
    """
    duckdb.execute(
        "COPY (SELECT trans_date_trans_time, cc_num, merchant, category, amt, first, last, "
        "zip AS zipcode, dob, trans_num, is_fraud, cc_num AS user_id "
        f"FROM read_csv('{file}') ORDER BY trans_date_trans_time) TO '{lines}' (FORMAT JSON)"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
