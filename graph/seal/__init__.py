"""Seals: marks that nobody makes without a key kept outside of the store."""
