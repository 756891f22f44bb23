"""Formats of a snapshot and its judgements, one module each; adding a module here adds the format.

Each has `save(posture, path)`, which writes a snapshot and returns the number of its rows.
"""
