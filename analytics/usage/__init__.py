"""Usage: which identity used what and when, and which access shows no use."""
