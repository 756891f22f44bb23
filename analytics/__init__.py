"""Analytics: what the graph says about posture. Pure functions of an `AccessGraph`."""
