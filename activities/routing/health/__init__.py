"""How the PSPs are doing, as all workers see it."""
