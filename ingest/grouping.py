"""Warnings that say the same of many files or things, as one."""

import re
from collections.abc import Sequence

FEW = 3  # so many are told one by one
WHERE = re.compile(r"(?P<where>.{1,4096}?): (?P<what>.+)", re.DOTALL)


def grouped(warnings: Sequence[str]) -> list[str]:
    """Say once what many warnings say of different places: how often, and where first.

    >>> grouped([f"{n}.yaml: holds nothing" for n in range(9)])
    ['holds nothing: 9 times, the first in 0.yaml']
    >>> grouped(["a: holds nothing", "b: holds nothing", "nothing is there"])
    ['a: holds nothing', 'b: holds nothing', 'nothing is there']
    """
    places: dict[str, list[str]] = {}
    for said in warnings:
        match = WHERE.fullmatch(said)
        if match:
            places.setdefault(match["what"], []).append(match["where"])
    found: dict[str, None] = {}
    for said in warnings:
        match = WHERE.fullmatch(said)
        many = places[match["what"]] if match else []
        if match and len(many) > FEW:
            what = match["what"].rstrip(".")
            found[f"{what}: {len(many)} times, the first in {many[0]}"] = None
        else:
            found[said] = None
    return list(found)
