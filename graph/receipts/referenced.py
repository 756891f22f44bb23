"""Records that hold digests of their own parts: recomputed, and judged by rules of their format.

Such a record is no more authentic than whoever wrote it: a digest that recomputes shows only that
its parts belong together. One that does not shows that something was changed.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from graph.receipts.chained import named, own_word
from graph.receipts.claims import Claim, Judged, Link, no, unknown
from graph.receipts.dates import dated
from graph.receipts.digests import bare, digests

HEX = re.compile(r"(?:sha256[:-])?[0-9a-fA-F]{64}")
NOT_SIGNED = "on the word of whoever wrote it"
CONSISTENT = "its digests recompute; it is not signed"
KIND = re.compile("_(?:preimage|artifact|descriptor)$")


def is_digest(value: Any) -> bool:
    """Return whether a value is a SHA-256 in hexadecimal."""
    return isinstance(value, str) and HEX.fullmatch(value) is not None


def changed(record: Mapping[str, Any], part: str, reference: str) -> str | None:
    """Return that a part of a record does not have the digest stated for it; None if it has."""
    stated, value = record.get(reference), record.get(part)
    if not is_digest(stated) or value is None or bare(str(stated)) in digests(value):
        return None
    return _differs(part, reference)


def parts_with_digests(record: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield each part of a record with the names of the digests that may be stated for it.

    A part `x_preimage`, `x_artifact` or `x_descriptor` has a digest of which the name is, or ends
    in, `x` or `x_ref`; `preimage` one whose name ends in `_ref`, `artifact` the digest
    `artifact_hash`.
    """
    stated = [name for name, value in record.items() if is_digest(value)]
    turned = sorted(name[::-1] for name in stated)
    for part, value in record.items():
        if not isinstance(value, dict):
            continue
        if part == "preimage":
            names = [name for name in stated if name.endswith("_ref") and name not in value]
        elif part == "artifact":
            names = [name for name in stated if name == "artifact_hash"]
        else:
            stem = KIND.sub("", part)
            ends = (stem, f"{stem}_ref") if stem != part else ()
            names = list(dict.fromkeys(name for end in ends for name in _ending(turned, end)))
        if names:
            yield part, names


def _ending(turned: list[str], end: str) -> Iterator[str]:
    """Yield the names that end in a text; `turned` are all names backwards, in order."""
    begin = end[::-1]
    for place in range(bisect_left(turned, begin), len(turned)):
        if not turned[place].startswith(begin):
            return
        yield turned[place][::-1]


def rewritten(record: Mapping[str, Any]) -> str | None:
    """Return the first part of a record that has none of the digests stated for it, or None."""
    for part, names in parts_with_digests(record):
        known = frozenset(digests(record[part]))
        if not any(bare(record[name]) in known for name in names):
            return _differs(part, names[0])
    return None


def _differs(part: str, reference: str) -> str:
    return f"its {part} does not have the digest that {reference} states"


def judged(
    record: Mapping[str, Any],
    faults: Mapping[str, str | None],
    stated: Mapping[str, str] | None = None,
    at: datetime | None = None,
    link: Link | None = None,
) -> Judged:
    """Judge a record by what is wrong with each claim, and by what else it states of it.

    Only a fault refuses it. A missing digest leaves nothing to recompute, and is no fault. What is
    stated is not proven, as nobody signed it.
    """
    claims: dict[str, Claim] = own_word(record, unknown(CONSISTENT))
    claims |= {name: unknown(f"{reason}, {NOT_SIGNED}") for name, reason in (stated or {}).items()}
    wrong = {name: fault for name, fault in faults.items() if fault is not None}
    claims |= {name: no(fault) for name, fault in wrong.items()}
    needs = tuple(name for name in claims if name in wrong)
    return Judged(named(record), claims, needs, at or dated(record), link)


def first(*faults: str | None) -> str | None:
    """Return the first fault; None if there is none."""
    return next((fault for fault in faults if fault is not None), None)


def mapping(value: Any) -> Mapping[str, Any]:
    """Return an object as it is, and anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """Return a list as it is, and anything else as an empty one."""
    return value if isinstance(value, list) else []
