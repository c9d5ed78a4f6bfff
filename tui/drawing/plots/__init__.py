"""Plots: what to draw, where its ticks are, and plotext drawing it."""
