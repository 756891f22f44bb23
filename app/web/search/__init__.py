"""Search and selection of nodes, and what brings them into sight."""
