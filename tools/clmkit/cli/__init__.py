"""The command line: doors to the other packages, no logic of its own."""
