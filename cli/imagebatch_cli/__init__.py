"""The `imagebatch` command: a client of the HTTPS API and nothing else."""
