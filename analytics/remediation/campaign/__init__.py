"""Campaigns: steps that people undertook, what they promised, and what became of them."""
