"""The shapes of successful answers: the OpenAPI document shows them, a test holds real answers
to them.

PostgreSQL writes most of these documents itself (see the types in sql/schema.sql), so nothing here
is on the way of a request.
"""
