"""Rows of sources for an instant: as of an earlier one, amended, added, planned, exported."""
