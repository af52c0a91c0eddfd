"""What answers: HTTP put into the words of the rules, and back. routes.py has every call."""
