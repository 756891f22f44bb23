"""Secrets in inputs: settings that hold one, and redaction of rows."""
