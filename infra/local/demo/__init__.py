"""`make demo`: ten payment stories through the front door, and proof that the books hold.

A client like any other: the API and the sandbox PSP over HTTP; the ledger by SQL, only looking.
"""
