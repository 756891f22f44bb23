"""Answers to questions: one module for each question.

An answer is a record of tables and figures, of which `table.as_json` makes JSON, or, in modules
that have none yet, already the dictionary that the command line prints: things are
`{id, label, name}`, instants ISO 8601 text in UTC, absent facts None. `left_out` counts the rows
beyond a limit.
"""
