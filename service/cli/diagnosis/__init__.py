"""What `doctor` finds: rules from facts to findings, a module per thing that is looked at."""
