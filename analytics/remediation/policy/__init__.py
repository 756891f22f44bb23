"""Smaller policies: what an identity needs by its observed use, in several policy languages."""
