"""The meaning of tags, labels and words for owners: defaults, and a company's own."""
