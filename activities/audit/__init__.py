"""The books on demand: every invariant of a live system, and the first rows that break one."""
