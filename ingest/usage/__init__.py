"""Usage logs: folding of events by identity, resource and level, and conversion to rows."""
