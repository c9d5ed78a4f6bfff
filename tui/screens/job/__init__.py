"""One job: how it is doing, what it computes, what went wrong."""
