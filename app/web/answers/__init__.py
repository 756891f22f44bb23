"""Answers that several pages share, cached for each question."""
