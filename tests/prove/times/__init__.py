"""Times of services: who gives them, what people and staff ask of them, what is seen of answers."""
