"""Input files, read within bounds; output files, private from the first byte."""
