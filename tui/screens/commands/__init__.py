"""Commands to jobs, with the questions that come before some of them."""
