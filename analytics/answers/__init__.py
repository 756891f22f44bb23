"""Answers to questions, as plain data: one module for each question.

An answer is a dictionary as the command line prints it: things are `{id, label, name}`, instants
ISO 8601 text in UTC, absent facts None. `left_out` counts the rows beyond a limit.
"""
