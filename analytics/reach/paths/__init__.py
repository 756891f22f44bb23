"""Paths between nodes: shortest, disjoint, unavoidable, and all of them."""
