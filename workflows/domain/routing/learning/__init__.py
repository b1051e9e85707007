"""What the past teaches: who is best, and what another policy would have done."""
