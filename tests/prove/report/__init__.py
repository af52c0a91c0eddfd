"""The page of a proof."""
