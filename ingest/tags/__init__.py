"""What tags, labels and words for owners mean: defaults, and a company's own."""
