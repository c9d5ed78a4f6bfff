"""What becomes known of records after they were written: labels, and verdicts of analysts."""
