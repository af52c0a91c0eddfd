"""Header fields: the grammar of those that come in, the words for those that go out."""
