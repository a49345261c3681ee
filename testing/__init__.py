"""Shared by tests and bench: fakes, fake providers, the fault proxy, the strict emulator."""
