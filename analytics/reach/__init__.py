"""Exact reach: everything that an identity can use, over any number of steps."""
