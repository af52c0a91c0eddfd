"""The fourth witness: the log of events, as people are shown it while faults strike."""
