"""Evidence: which decision explains each use, and which uses no decision explains."""
