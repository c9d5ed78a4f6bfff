"""The screen of one user: amounts, windows and transactions over event time."""
