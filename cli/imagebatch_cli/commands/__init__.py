"""The commands, one module per group. To add a group, add a module and a line in `app`."""
