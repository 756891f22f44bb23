"""The languages of policy sets, one module each, found by name.

Each has `SUFFIX`, that of its files, and `parsed(files)`, which makes a policy set of their texts.
"""
