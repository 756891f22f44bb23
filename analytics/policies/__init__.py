"""Policies as code: the posture as their input, and what they say of recorded uses and requests."""
