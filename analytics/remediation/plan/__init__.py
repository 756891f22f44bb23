"""Plans of removals: step by step, by debt, and the best plan there is."""
