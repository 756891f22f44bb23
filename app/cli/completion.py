"""What a shell is offered for the value of an option: words that the program has itself.

Names from data are not offered: shells expand what they are given, and reading a store takes longer
than a key may.
"""

from collections.abc import Callable


def offer(*values: str) -> Callable[[], list[str]]:
    """Return what typer asks for the values of an option.

    >>> offer("read", "write")()
    ['read', 'write']
    """

    def offered() -> list[str]:
        return list(values)

    return offered
