"""The files of an export, read strictly and within bounds."""
