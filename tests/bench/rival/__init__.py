"""The same saga on DBOS, which keeps workflows in Postgres: an optional peer of `make bench`."""

SYSTEM_DATABASE = "PAYSAGA_BENCH_DBOS_DATABASE"
"""The variable by which its process is told where it keeps them."""
