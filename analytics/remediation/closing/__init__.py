"""Changes that close findings: what each finding asks for, grouped, and what becomes of it."""
