"""Seals of stores and journals: marks that cannot be made without a key kept elsewhere."""
