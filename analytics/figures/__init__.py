"""Figures for leadership: measures, pillars, speed of revocation, control frameworks."""
