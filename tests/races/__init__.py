"""Many at once, on real servers: what the constraints promise holds however requests meet."""
