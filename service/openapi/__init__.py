"""The description of the API, built from its routes and their types."""
