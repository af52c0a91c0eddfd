"""A data directory: whose it is, where its files go, and the logs in it."""
