"""The life of the process: how it tells of itself, and how it ends."""
