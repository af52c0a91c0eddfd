"""What each command of the command line takes and says of itself: a module per noun.

Nothing here is slow to import: help and mistakes are answered before anything is opened.
"""
