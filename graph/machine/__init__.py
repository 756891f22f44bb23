"""Machines: memory of this one, and engines outside this process."""
