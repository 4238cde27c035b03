"""Petition numbers: `YYYYMMDD-NNNN-C`, for example 20261123-0007-3.

YYYYMMDD is the day of filing in Asia/Shanghai, NNNN that day's counter (four digits, more where a
day has more than 9,999 petitions), C a check digit over all digits before it.

The check digit is Damm's (H. M. Damm, 2004: a totally anti-symmetric quasigroup of order 10). It
finds every single wrong digit and every swap of two neighbours, which is how people mistype a
number they read from a phone; Luhn would miss 09 for 90. The walk starts at 6 instead of 0, which
keeps both properties.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date

_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)
_START = 6
_LARGEST_COUNTER = 999_999
# What people put between the groups: nothing, blanks, or any dash, the Chinese ones (— － 一 ー)
# included; a keyboard's 一 is a common slip for the dash.
_GAP = r"[\s\-‐‑‒–—―−ー一_·./]{0,3}"
_LENIENT = re.compile(rf"(?<![0-9])(20\d{{6}}){_GAP}(\d{{4,6}}){_GAP}(\d)(?![0-9])", re.ASCII)


def check_digit(digits: str) -> str:
    """The check digit over `digits` (ASCII digits only, else ValueError)."""
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError("check_digit takes ASCII digits only")
    interim = _START
    for digit in digits:
        interim = _DAMM[interim][int(digit)]
    return str(interim)


def make_number(day: date, counter: int) -> str:
    """The number of the day's `counter`-th petition (1 … 999,999, else ValueError)."""
    if not 1 <= counter <= _LARGEST_COUNTER:
        raise ValueError(f"a petition counter lies in 1 … {_LARGEST_COUNTER}, not {counter}")
    head = f"{day:%Y%m%d}"
    tail = f"{counter:04d}"
    return f"{head}-{tail}-{check_digit(head + tail)}"


def parse_number(text: str) -> str | None:
    """The canonical number if `text` is one and nothing else, else None.

    Blanks, full-width digits, missing or Chinese dashes are forgiven; a wrong check digit, an
    impossible day or a counter of zero is not.
    """
    match = _LENIENT.fullmatch(unicodedata.normalize("NFKC", text).strip())
    return _canonical(match) if match else None


def find_numbers(text: str) -> Iterator[tuple[int, int, str]]:
    """Every number inside NFKC-normalised `text`, as (start, end, canonical number)."""
    for match in _LENIENT.finditer(text):
        number = _canonical(match)
        if number is not None:
            yield match.start(), match.end(), number


def _canonical(match: re.Match[str]) -> str | None:
    head, counter, check = match.groups()
    try:
        day = date(int(head[:4]), int(head[4:6]), int(head[6:]))
        number = make_number(day, int(counter))
    except ValueError:
        return None
    # Comparing the whole refuses a padded counter (00007) as well as a wrong check digit.
    return number if number == f"{head}-{counter}-{check}" else None
