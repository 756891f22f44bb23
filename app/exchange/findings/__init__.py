"""Formats of findings, one module each; adding a module here adds the format.

Each has `write(document, posture)`, which converts the answer to `findings`, with its envelope, to
a document of its format.
"""
