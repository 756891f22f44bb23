"""Ingest jobs: read identity sources, normalise them and publish a snapshot."""
