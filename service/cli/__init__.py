"""The command line: reads it, carries it out, prints what came of it."""
