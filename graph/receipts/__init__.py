"""Receipts: hashed or signed records of decisions, and how far each of them can be believed."""
