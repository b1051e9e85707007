"""Policies: rules as people write them, read, shown and matched."""
