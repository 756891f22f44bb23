"""Facts about use: how an attempt ended, uses by day, and when grants were used."""
