"""Grouping of warnings that differ only in the file or the names."""

import re
from collections.abc import Sequence

FEW = 3  # up to this count, warnings are listed singly
WHERE = re.compile(r"(?P<where>.{1,4096}?): (?P<what>.+)", re.DOTALL)
NAME = re.compile(
    r"arn:\S+|'[^']*'|\"[^\"]*\"|(?<![\w.*-])(?:[\w.*-]+/)+[\w.*-]+|(?<![\w.-])[\w.-]*\d[\w.-]*"
)


def grouped(warnings: Sequence[str]) -> dict[str, list[str]]:
    """Group warnings that differ only in place or names: the count, and the first of them.

    Returns
    -------
    dict
        The text of each group, and the warnings that it replaces.

    >>> list(grouped([f"{n}.yaml: holds nothing" for n in range(9)]))
    ['holds nothing: 9 times, the first in 0.yaml']
    >>> list(grouped([f"arn:{n} runs as arn:role/{n}, which is not there" for n in range(9)]))
    ['arn:0 runs as arn:role/0, which is not there (and 8 more like it)']
    >>> list(grouped(["a: holds nothing", "b: holds nothing", "nothing is there"]))
    ['a: holds nothing', 'b: holds nothing', 'nothing is there']
    """
    alike: dict[str, dict[str, None]] = {}
    for said in warnings:
        alike.setdefault(_bare(said), {})[said] = None
    found: dict[str, list[str]] = {}
    for said in warnings:
        many = list(alike[_bare(said)])
        if len(many) <= FEW:
            found[said] = [said]
        else:
            found[_as_one(many)] = many
    return found


def _as_one(many: Sequence[str]) -> str:
    """Return one text for several alike warnings."""
    first_where, first = _parted(many[0])
    if first_where and len({_parted(one)[1] for one in many}) == 1:
        return f"{first.rstrip('.')}: {len(many)} times, the first in {first_where}"
    return f"{many[0]} (and {len(many) - 1} more like it)"


def _parted(said: str) -> tuple[str, str]:
    """Split a warning into its place ("" for none) and its message."""
    match = WHERE.fullmatch(said)
    return (match["where"], match["what"]) if match else ("", said)


def _bare(said: str) -> str:
    """Return a warning without the names and numbers in it."""
    where, what = _parted(said)
    return f"{bool(where)} {NAME.sub('…', what)}"
