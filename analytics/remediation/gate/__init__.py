"""The gate: a planned agent, judged before it exists by what it would reach, owe and lack."""
