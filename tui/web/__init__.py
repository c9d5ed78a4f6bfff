"""The console in a browser: one console process per tab, one stack for all of them."""
