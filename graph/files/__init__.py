"""Files that others made, read within bounds; files of our own, private from the first byte."""
