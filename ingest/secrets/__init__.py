"""Secrets in what is read: which settings hold one, and how it is taken out of rows."""
