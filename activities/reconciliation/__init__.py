"""Our books against those of PSPs and banks."""
