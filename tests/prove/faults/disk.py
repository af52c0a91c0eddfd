"""A full disk: the table of appointments lives on a small one that can be made smaller still."""
