"""How well a signal does, and what another threshold would change."""
