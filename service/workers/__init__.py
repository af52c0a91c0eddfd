"""Loops beside the requests; they call booking/ and never decide anything themselves."""
