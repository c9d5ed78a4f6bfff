"""Plots: charts, the ticks of their axes, and drawing with plotext."""
