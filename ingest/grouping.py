"""Warnings that say the same of many files or things, as one."""

import re
from collections.abc import Sequence

FEW = 3  # so many are told one by one
WHERE = re.compile(r"(?P<where>.{1,4096}?): (?P<what>.+)", re.DOTALL)
NAME = re.compile(r"arn:\S+|'[^']*'|\"[^\"]*\"|\b(?:[\w.*-]+/)+[\w.*-]+|\b[\w.-]*\d[\w.-]*")


def grouped(warnings: Sequence[str]) -> list[str]:
    """Say once what many warnings say of different places or things: how often, and where first.

    >>> grouped([f"{n}.yaml: holds nothing" for n in range(9)])
    ['holds nothing: 9 times, the first in 0.yaml']
    >>> grouped([f"arn:{n} runs as arn:role/{n}, which is not there" for n in range(9)])
    ['arn:0 runs as arn:role/0, which is not there (and 8 more like it)']
    >>> grouped(["a: holds nothing", "b: holds nothing", "nothing is there"])
    ['a: holds nothing', 'b: holds nothing', 'nothing is there']
    """
    alike: dict[str, list[tuple[str, str]]] = {}
    parted = [_parted(said) for said in warnings]
    for where, what in parted:
        alike.setdefault(_bare(where, what), []).append((where, what))
    found: dict[str, None] = {}
    for said, (where, what) in zip(warnings, parted, strict=True):
        many = list(dict.fromkeys(alike[_bare(where, what)]))
        if len(many) <= FEW:
            found[said] = None
            continue
        first_where, first = many[0]
        if len({one for _, one in many}) == 1:
            found[f"{first.rstrip('.')}: {len(many)} times, the first in {first_where}"] = None
        else:
            start = f"{first_where}: " if first_where else ""
            found[f"{start}{first} (and {len(many) - 1} more like it)"] = None
    return list(found)


def _parted(said: str) -> tuple[str, str]:
    """Part a warning into the place that it speaks of, "" for none, and what it says."""
    match = WHERE.fullmatch(said)
    return (match["where"], match["what"]) if match else ("", said)


def _bare(where: str, what: str) -> str:
    """Return what a warning says without the names and numbers in it."""
    return f"{bool(where)} {NAME.sub('…', what)}"
