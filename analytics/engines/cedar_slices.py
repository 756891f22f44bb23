"""Slices of a Cedar set: the policies that a request can meet, by the one entity they are about.

A policy whose scope is `resource == X` is neither satisfied nor in error for any other resource, so
it need not be evaluated there. Policies are sliced by the end that most of them name so, which is
`principal`, `action` or `resource`. All others are in every slice.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import cedarpy

from analytics.engines.policy_set import Question

KEPT = 1_024  # slices that stay parsed
SCOPE = ("principal", "action", "resource")
Key = tuple[str, str]


class Slices:
    """The policies of a set by position, in Cedar's JSON form and as text, sliced by one end."""

    def __init__(
        self, forms: Mapping[int, Mapping[str, Any]], texts: Mapping[int, str] | None = None
    ) -> None:
        named = {at: {end: _entity(form.get(end)) for end in SCOPE} for at, form in forms.items()}
        counts = Counter(end for ends in named.values() for end in SCOPE if ends[end])
        self._end = counts.most_common(1)[0][0] if counts else SCOPE[-1]
        self._by_key: dict[Key, list[int]] = {}
        self._always: list[int] = []
        for at, ends in named.items():
            key = ends[self._end]
            (self._by_key.setdefault(key, []) if key else self._always).append(at)
        self._texts = texts or {}
        self.parsed = lru_cache(KEPT)(self._parsed)

    def of(self, questions: Sequence[Question]) -> Iterator[tuple[tuple[int, ...], list[int]]]:
        """Yield each slice, as positions of policies, with the places of its questions."""
        places: dict[Key | None, list[int]] = {}
        for place, question in enumerate(questions):
            uid = getattr(question, self._end)
            key = uid["type"], uid["id"]
            places.setdefault(key if key in self._by_key else None, []).append(place)
        for named, listed in places.items():
            own = self._by_key[named] if named else []
            yield tuple(sorted([*self._always, *own])), listed

    def _parsed(self, positions: tuple[int, ...]) -> cedarpy.PolicySet:
        """Return some policies as the engine holds them: `policy0` is the first of them.

        They are parsed from their text: of the JSON form the engine reads a bounded depth only.
        """
        return cedarpy.PolicySet.from_str("\n".join(self._texts[at] for at in positions))


def _entity(constraint: Any) -> Key | None:
    """Return the entity that a part of a scope must be equal to, if it must."""
    match constraint:
        case {"op": "==", "entity": {"type": str(kind), "id": str(thing)}}:
            return kind, thing
    return None
