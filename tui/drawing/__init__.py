"""Values as coloured text and plots: no widgets, no streams."""
