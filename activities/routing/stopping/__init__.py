"""Stops by hand, what they park, and letting it go on."""
