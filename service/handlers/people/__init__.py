"""Accounts: who asks."""

TAG = "Accounts", "Accounts, and the tokens they act with."
