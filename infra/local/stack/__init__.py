"""The processes of a local stack, and what they are told."""
