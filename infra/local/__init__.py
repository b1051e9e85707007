"""The local runtime: Postgres, Temporal, the sandbox PSP, worker and API on one machine."""
