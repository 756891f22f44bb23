"""Answers worked out once and kept beside the snapshots of a store."""
