"""Processes one item: read decide/ first, then run.py."""
