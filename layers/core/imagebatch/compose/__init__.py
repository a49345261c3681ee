"""Wires use cases from settings: one module per function, plus modules for shared parts.

Each service is created on first use, so a function's start only pays for what it uses. Modules that
load an HTTP client or pydantic are imported where they are used.
"""
