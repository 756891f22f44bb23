"""Runtime of judging: compiled kernels, a budget of memory and time, and faults of the program."""
