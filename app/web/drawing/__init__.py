"""Drawings: charts, and the picture of a reach."""
