"""The AWS emulator, made as strict as AWS where it is too lenient.

`local/emulator.py` starts `__main__.py` with the emulator's own interpreter. Each module closes one
gap in `install()`; tests/testing proves for each that a violation is caught.
"""
