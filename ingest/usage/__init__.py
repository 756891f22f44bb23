"""Logs of use: many events folded to who used what, and when."""
