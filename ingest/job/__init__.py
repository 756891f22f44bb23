"""The ingest job: check what was read, merge it with what is known, publish a snapshot."""
