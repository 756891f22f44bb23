"""The store that a team shares: objects in a bucket, and the right to publish."""
