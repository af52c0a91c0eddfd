"""What the drivers do that nobody would expect: one test for each trap that they have set us."""
