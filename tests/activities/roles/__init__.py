"""Who may do what in the database, tried out."""
