"""Threat narratives: the worst path to each crown jewel, step by step; see docs/narratives.md."""
