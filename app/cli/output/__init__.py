"""Output of commands: tables, cards, running text, JSON and CSV."""
