"""Answers that several pages share, kept per question."""
