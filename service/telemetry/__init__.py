"""What the process tells of itself: metrics, log lines, traces."""
