"""imagebatch: rows in, one image a row out."""

__version__ = "0.1.0"
