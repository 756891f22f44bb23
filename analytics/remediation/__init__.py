"""What to remove or rotate first, and what each removal changes."""
