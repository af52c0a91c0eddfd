"""From the path of a request to the verb that answers it."""
