"""Which ids denote the same thing, and how their rows become those of one node."""
