"""The panel Signals: transactions whose score makes them alerts, and how well the signals do."""
