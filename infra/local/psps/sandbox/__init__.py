"""The sandbox PSP: a process of its own that behaves like a real PSP, and keeps its own truth."""
