"""The command line: shared behaviour of commands, the commands, and their output formats."""
