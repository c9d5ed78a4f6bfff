"""The panel Plots: throughput, flagged transactions, amounts and feature delay over time."""
