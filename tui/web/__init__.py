"""The console in a browser: one console process for every tab, one stack for all of them."""
