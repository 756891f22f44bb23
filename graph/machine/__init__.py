"""Machines: memory of this one, engines and stores outside of it, and what is kept here."""
