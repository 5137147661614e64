"""The command line: arguments in, exit code out. Only this room reads the environment and prints."""
