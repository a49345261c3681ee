"""The interfaces that the core needs from outside. Adapters implement them; tests use fakes."""
