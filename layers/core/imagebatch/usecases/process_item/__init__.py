"""How one item is processed: read decide.py first, then run.py."""
