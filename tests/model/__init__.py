"""The whole API beside a small model of it: after any requests, both give the same answer."""
