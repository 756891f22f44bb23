"""Changes: differences between two snapshots, and the drift of identities from their approval."""
