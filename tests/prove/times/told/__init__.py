"""Answers and rows of the log about times: what is kept of them, what is seen at once."""
