"""Removals: what can be removed, and the estate before and after."""
