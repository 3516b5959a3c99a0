"""Coded numbers with the digits that they deserve, in the units that viewers show."""

from math import floor, log10

from pydicom.sr.coding import Code

from reporting.objects import codes

SIGNIFICANT = 4
"""Digits of a number of which nothing else is known."""

FEWEST = 2
"""Significant digits that a number keeps however small it is, so that what was found is never 0."""

_DECIMALS = {codes.CUBIC_CENTIMETER: 1, codes.SQUARE_MILLIMETER: 0}


def coded_number(value: float, unit: Code) -> tuple[float, Code]:
    """A number and its unit as reports state them; volumes in cubic centimeters.

    Examples
    --------
    >>> [coded_number(value, codes.CUBIC_MILLIMETER)[0] for value in (0.0, 7.26, 640.0, 106004.2)]
    [0.0, 0.0073, 0.64, 106.0]
    >>> coded_number(2729.9, codes.SQUARE_MILLIMETER)[0], coded_number(0.123456, codes.NO_UNITS)[0]
    (2730.0, 0.1235)
    """
    if unit == codes.CUBIC_MILLIMETER:
        value, unit = value / 1000, codes.CUBIC_CENTIMETER
    if not value:
        return 0.0, unit
    leading = floor(log10(abs(value)))
    decimals = max(_DECIMALS[unit], FEWEST - 1 - leading) if unit in _DECIMALS else SIGNIFICANT - 1 - leading
    return round(float(value), decimals), unit
