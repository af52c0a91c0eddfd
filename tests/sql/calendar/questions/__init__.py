"""Many questions about random calendars: the list, explain, a dry run and booking give each the
same answer, which is that of tests/model/times."""
