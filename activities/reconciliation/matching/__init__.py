"""Which line of a PSP is which movement of ours, and what does not agree."""
