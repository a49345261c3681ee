"""Amounts of money, in USD."""

from decimal import Decimal

ZERO = Decimal(0)
