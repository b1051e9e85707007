"""The reports of PSPs as they came, and their lines."""
