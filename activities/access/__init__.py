"""Who may call the API: credentials, kept as hashes."""
