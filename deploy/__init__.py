"""`make deploy`: builds for the target architecture and reports where everything is deployed."""
