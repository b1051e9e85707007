"""Versions of accounts and policies: proposed, judged, approved."""
