"""Cells of CSV files that a spreadsheet would run as formulas: made safe, and made whole again."""

import re

# Prefixes that spreadsheets run as a formula: https://owasp.org/www-community/attacks/CSV_Injection
# An apostrophe before one is text; what has such apostrophes already gets one more.
RUN = " *[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"  # also of the expressions of Arrow
GUARDED = f"'+{RUN}"
_TO_GUARD, _GUARDED = re.compile(f"'*{RUN}"), re.compile(GUARDED)


def guarded(text: str) -> str:
    """Return a cell that no spreadsheet runs, from which `unguarded` gives the text back.

    >>> guarded("=1+1"), guarded("'=1+1"), guarded("bot")
    ("'=1+1", "''=1+1", 'bot')
    """
    return f"'{text}" if _TO_GUARD.match(text) else text


def unguarded(cell: str) -> str:
    """Return the text of a cell that `guarded` may have made.

    >>> unguarded("'@acme/bot"), unguarded("''=1+1"), unguarded("'tis")
    ('@acme/bot', "'=1+1", "'tis")
    """
    return cell[1:] if _GUARDED.match(cell) else cell
