"""The wallet: the ledger of players' money, the only truth about a balance."""
