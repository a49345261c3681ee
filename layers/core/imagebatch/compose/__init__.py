"""Wires use cases from settings: one module per function, plus modules for shared parts.

Each service is created on first use, so a function's start only pays for what it uses. Where a
function handles many kinds of requests, as the API does, each property also imports what it
creates, so a first request loads its own use cases and no others. Modules that load an HTTP client
or pydantic are always imported where they are used. Settings are read when the function starts.
"""
