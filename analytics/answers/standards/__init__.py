"""Answers in the form of published standards, for the tools and auditors that read those."""
