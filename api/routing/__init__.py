"""Who is asked for a payment, as people decide it."""
