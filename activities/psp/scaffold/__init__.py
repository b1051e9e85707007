"""`make new-psp NAME=acme`: a plugin's folder, finished but for what only its author knows."""
