"""Findings: the rules, what they find in a snapshot, and the states of findings over time."""
