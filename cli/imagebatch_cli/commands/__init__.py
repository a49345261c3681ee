"""The commands, a module for each group. A new group: a module here, and a line in `app`."""
