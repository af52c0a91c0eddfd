"""Times in histories written by hand."""
