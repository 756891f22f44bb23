"""Options that several commands share, and files that options name."""
