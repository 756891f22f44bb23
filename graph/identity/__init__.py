"""Matching of ids that denote the same node, and merging of their rows under a canonical id."""
