"""What stands around every page: frame, menu, address, snapshots, and tasks in progress."""
