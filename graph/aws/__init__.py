"""Amazon Web Services as sources and answers name it: resource names, patterns, actions."""
