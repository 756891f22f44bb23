"""Formats of tickets, one module each; adding a module here adds the format.

Each has `write(document, answer)`, which returns the text of the tickets. The name of a format is
that of its module, with dashes.
"""
