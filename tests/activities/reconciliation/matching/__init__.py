"""What is matched, and what does not agree, on real Postgres."""
