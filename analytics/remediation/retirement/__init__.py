"""Retirement: the end of an identity with all that it has, in order; see docs/decommission.md."""
