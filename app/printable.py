"""Text in which no character acts on a terminal."""

LINES = "\n"  # the one control character allowed in messages and CSV cells


def printable(text: str, obeyed: str = "") -> str:
    """Replace control characters, which ids from data may hold, by visible text."""
    if text.isprintable():  # as nearly all are: no look at each character
        return text
    return "".join(c if c.isprintable() or c in obeyed else f"<U+{ord(c):04X}>" for c in text)
