"""Settings to wired use cases: a module for each function, and modules of what they share.

Everything is made when it is first asked for, so a function pays at its start for what it uses.
Only modules that load an HTTP client or pydantic are imported where they are used.
"""
