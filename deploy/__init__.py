"""`make deploy`: builds for the architecture that it deploys, and says where everything goes."""
