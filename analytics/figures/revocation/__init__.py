"""Revocation: how long what should have ended lived on, and how long reviews take."""
