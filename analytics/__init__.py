"""Analytics: the posture of an estate, as pure functions of an `AccessGraph`."""
