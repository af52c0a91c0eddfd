"""When a provider can be had: what people write about it, and what that means as instants."""
