"""Trains the model of a signal on transactions with labels."""
