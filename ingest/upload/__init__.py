"""Exports from a browser: laid out in a folder, and read within limits."""
