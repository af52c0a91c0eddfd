"""What can be booked of a service, worked out in plain Python, a question at a time: no openings,
no multiranges, nothing of the SQL but what it promises."""
