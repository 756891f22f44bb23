"""The journal: what people decided, beside the snapshots, in an append-only file."""
