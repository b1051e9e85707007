"""The inbox: what PSPs told us, verified and stored before it is answered, delivered until done."""
