"""Leaks of credentials: whose they are, what they open, what ends them, and what outlives them."""
