"""The registry: what the outside may know of each payment, its history, and who asked what."""
