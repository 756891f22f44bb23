"""Formats of the checklist of a retirement, one module each; adding a module adds the format."""
