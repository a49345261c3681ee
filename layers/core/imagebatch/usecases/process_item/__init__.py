"""How one item is processed: read decide/ first, then run.py."""
