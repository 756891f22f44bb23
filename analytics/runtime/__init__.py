"""How judging runs: compiled kernels, a budget of memory and time, and faults of our own."""
