"""What the payments of the past say about accounts and policies."""
