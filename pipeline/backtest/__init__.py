"""How well signals catch fraud, judged on transactions with labels."""
