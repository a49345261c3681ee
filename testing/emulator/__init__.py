"""The AWS emulator, made as strict as AWS where it forgave what AWS refuses.

`local/emulator.py` starts `__main__.py` with the emulator's own interpreter. Each module closes one
gap in `install()`; tests/testing shows for each that a violation is caught.
"""
