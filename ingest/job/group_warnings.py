"""Grouping of warnings that differ only in the file or the names."""

import re
from collections.abc import Sequence

FEW = 3  # up to this count, warnings are listed singly
WHERE = re.compile(r"(?P<where>.{1,4096}?): (?P<message>.+)", re.DOTALL)
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
    for warning in warnings:
        alike.setdefault(_bare(warning), {})[warning] = None
    groups: dict[str, list[str]] = {}
    for warning in warnings:
        many = list(alike[_bare(warning)])
        if len(many) <= FEW:
            groups[warning] = [warning]
        else:
            groups[_summary(many)] = many
    return groups


def _summary(many: Sequence[str]) -> str:
    """Return one text for several alike warnings."""
    first_where, first = _parted(many[0])
    if first_where and len({_parted(warning)[1] for warning in many}) == 1:
        return f"{first.rstrip('.')}: {len(many)} times, the first in {first_where}"
    return f"{many[0]} (and {len(many) - 1} more like it)"


def _parted(warning: str) -> tuple[str, str]:
    """Split a warning into its place ("" for none) and its message."""
    match = WHERE.fullmatch(warning)
    return (match["where"], match["message"]) if match else ("", warning)


def _bare(warning: str) -> str:
    """Return a warning without the names and numbers in it."""
    where, message = _parted(warning)
    return f"{bool(where)} {NAME.sub('…', message)}"
