"""Use: outcomes of attempts, counts of uses by day, and last uses of grants."""
