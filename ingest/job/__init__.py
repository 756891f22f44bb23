"""The ingest job: reading, checking, merging with the snapshot before, and publishing."""
