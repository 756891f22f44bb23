"""Exports that a browser sends: laid out in a folder, and read within limits."""
