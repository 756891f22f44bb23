"""The command line: how commands are asked and answered, the commands, and their formats."""
