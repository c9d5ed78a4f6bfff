"""Invalid records of the transaction topic."""
