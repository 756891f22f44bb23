"""Synthetic activity: uses, the facts that show them, and decisions about them."""
