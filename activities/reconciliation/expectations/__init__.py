"""What moved at PSPs and no settlement line has confirmed yet: opened where the money moves."""
