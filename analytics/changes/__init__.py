"""What differs between two snapshots, and how far identities drifted from their approval."""
