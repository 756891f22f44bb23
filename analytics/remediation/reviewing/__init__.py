"""Reviews of access: what is to be decided, by whom, and how far past decisions can be trusted."""
