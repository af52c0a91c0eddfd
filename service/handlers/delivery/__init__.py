"""What has happened: who is told of it."""

TAG = "Events", "What has happened, in the order in which it did."
