"""The server under requests that schemathesis makes up from the OpenAPI document."""
