"""Our bank's statements, and what of them is a PSP's payout."""
