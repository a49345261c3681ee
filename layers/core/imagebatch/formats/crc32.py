"""CRC-32 of concatenated byte strings, from their CRCs and lengths alone."""

from base64 import b64encode

POLYNOMIAL = 0xEDB88320
ONE = 1 << 31
"""The polynomial 1: the bits are reflected, so the highest bit is the coefficient of x^0."""


def crc32_combine(first: int, second: int, second_length: int) -> int:
    """Return the CRC-32 of two concatenated byte strings; `second_length` is in bytes."""
    return _product(_power_of_x(8 * second_length), first) ^ second


def _product(a: int, b: int) -> int:
    result = 0
    for shift in range(32):
        if a & (ONE >> shift):
            result ^= b
        b = (b >> 1) ^ POLYNOMIAL if b & 1 else b >> 1
    return result


def _power_of_x(exponent: int) -> int:
    result, square = ONE, ONE >> 1
    while exponent:
        if exponent & 1:
            result = _product(square, result)
        square = _product(square, square)
        exponent >>= 1
    return result


def in_base64(checksum: int) -> str:
    """Encode as in HTTP headers: four bytes, the most significant first."""
    return b64encode(checksum.to_bytes(4)).decode()
