"""Usage: the observed uses of each identity, credential, step and grant, and idle access."""
