"""The command line: every command on a database of its own, and some as real processes."""
