"""A sheet's bytes to text: the encodings that spreadsheets export."""

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE

WINDOWS_1252_WARNING = (
    "The sheet is not UTF-8; it was read as Windows-1252. Check accented letters in the results."
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BY_BOM = ((BOM_UTF8, "utf-8"), (BOM_UTF16_LE, "utf-16-le"), (BOM_UTF16_BE, "utf-16-be"))


class UndecodableError(ValueError):
    """`before` is the text ahead of what cannot be read."""

    def __init__(self, code: str, message: str, before: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.before = before


def decode_sheet(body: bytes) -> tuple[str, list[str]]:
    """The text without its byte order mark, and warnings. UndecodableError where it is none."""
    text, warnings = _decode(body)
    if control := _CONTROL.search(text):
        raise UndecodableError(
            "ControlCharacter",
            f"Control character U+{ord(control[0]):04X} is not allowed",
            text[: control.start()],
        )
    return text, warnings


def _decode(body: bytes) -> tuple[str, list[str]]:
    for mark, encoding in _BY_BOM:
        if body.startswith(mark):
            return _strictly(body[len(mark) :], encoding), []
    try:
        return body.decode("utf-8"), []
    except UnicodeDecodeError:
        return _strictly(body, "windows-1252"), [WINDOWS_1252_WARNING]


def _strictly(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        before = body[: error.start].decode(encoding, "ignore")
        message = f"Not decodable as {encoding.upper()}"
        raise UndecodableError("InvalidEncoding", message, before) from None
