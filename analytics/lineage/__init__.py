"""Lineage: what agents were made by and act for, and what that hands on; see docs/lineage.md."""
