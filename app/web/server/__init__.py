"""The app's server: its start, its protections, and uploads."""
