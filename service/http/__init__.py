"""HTTP by way of Tornado: from bytes to a handler and back, and what every handler shares."""
