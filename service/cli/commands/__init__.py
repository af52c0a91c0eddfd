"""What each command of the command line does: a module per noun; each returns its exit code."""
