"""The borders to the outside: one module per driver; past them only our words exist."""
