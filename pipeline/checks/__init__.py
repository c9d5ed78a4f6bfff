"""Whether a stack works: `doctor`, `check` and the connectivity of profiles."""
