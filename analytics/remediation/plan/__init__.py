"""Plans of removals: step by step, by debt, and the optimum."""
