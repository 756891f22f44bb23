"""The journal of decisions, failed reads and rejected rows, kept beside the store."""
