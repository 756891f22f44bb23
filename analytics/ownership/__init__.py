"""Ownership: the owners of nodes, since when one has none, and the confidence in claims."""
