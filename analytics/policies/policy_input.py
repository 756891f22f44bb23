"""Input of policy engines: the facts of the posture about identities, and about what they use.

Unknown facts are left out, so that a policy has to handle their absence. `tdr_bp` is the trust debt
ratio in basis points (10,000 is all that could be owed); larger is worse. `in_service` is false of
what is known to be disabled, retired or deleted, though access of it may still stand. `sensitivity`
is the weight of a resource, that of an internal one (of a restricted one if it is a control plane)
if no source declares its class.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.assumptions.families.scope import scopes_of
from analytics.containers import parent_of, parts_of
from analytics.debt.owed import sums_of
from analytics.debt.totals import grouped
from analytics.ownership.owners import NOBODY, ROLES
from analytics.posture import Posture
from graph.once import once
from graph.schema import FACT_NODES, LEVELS, RESOURCE

BASIS_POINTS = 10_000
STATED = {  # facts of things of any label that has them, as the source states them
    "third_party": "third_party",
    "status": "status",
    "kind": "kind",
    "type": "type",
    "env": "env",
    "sensitivity_class": "sensitivity",
    "control_plane": "control_plane",
}
JUDGED = (
    *("in_service", "owner_active", "tdr_bp", "grade", "declared_scope", "declared_scope_at"),
    "sensitivity",
)
FACTS = frozenset(["name", "parents", *STATED, *JUDGED])  # the names of all facts of the input
Reads = Callable[[str], bool]


def _all(name: str) -> bool:
    return True


@dataclass(frozen=True)
class PolicyInput:
    """The facts about each identity and each thing that is used, by id, and the label of each.

    Among those of an identity, `declared_scope` is the ids of the resources in its declared scope
    at any level, with all that they contain, and `declared_scope_at` those at each level. Among
    those of a thing that is used, `parents` are the ids of what contains it.
    """

    labels: dict[str, str]
    principals: dict[str, dict[str, Any]]
    resources: dict[str, dict[str, Any]]


def policy_input(
    posture: Posture,
    principals: np.ndarray | None = None,
    resources: np.ndarray | None = None,
    reads: Reads = _all,
) -> PolicyInput:
    """Return the policy input for some nodes, by their numbers.

    By default these are the accountable identities and all resources. Facts whose names `reads`
    denies are left out, and not computed.
    """
    graph = posture.graph
    if principals is None:
        principals = posture.accountable
    if resources is None:
        resources = np.sort(graph.numbers(graph.frames[RESOURCE]["id"]))
    stated = _stated_facts(posture, reads)
    of_identities = [_identity_facts(posture, reads), stated]
    named = {int(n): graph.thing(int(n)) for n in (*principals.tolist(), *resources.tolist())}
    return PolicyInput(
        {thing["id"]: thing["label"] for thing in named.values()},
        {
            named[n]["id"]: _known({"name": named[n]["name"]}, *(of(n) for of in of_identities))
            for n in principals.tolist()
        },
        {
            named[n]["id"]: _known({"name": named[n]["name"]}, stated(n), _weighed(posture, n))
            for n in resources.tolist()
        },
    )


Facts = Callable[[int], dict[str, Any]]


def _known(*parts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items() if value is not None}


def _weighed(posture: Posture, number: int) -> dict[str, Any]:
    outer = int(parent_of(posture.graph)[number])
    return {
        "sensitivity": int(posture.sensitivities["weight"].to_numpy()[number]),
        "parents": [posture.graph.thing(outer)["id"]] if outer >= 0 else [],
    }


def _identity_facts(posture: Posture, reads: Reads) -> Facts:
    """Return the facts about an identity that the posture holds: state, owners, debt, scope."""
    scopes = scopes_of(posture) if reads("declared_scope") or reads("declared_scope_at") else {}
    owed = _owed(posture) if reads("tdr_bp") or reads("grade") else {}

    def of(number: int) -> dict[str, Any]:
        ratio, grade = owed.get(number, (None, None))
        return {
            "in_service": bool(posture.in_service[number]),
            "owner_active": _owned(posture, number) if reads("owner_active") else None,
            "tdr_bp": None if ratio is None else round(ratio * BASIS_POINTS),
            "grade": grade,
            **_scope(posture, scopes.get(number)),
        }

    return of


@once
def _owed(posture: Posture) -> dict[int, tuple[float | None, str | None]]:
    """Return the trust debt ratio and the grade of each accountable identity, by its number."""
    groups = grouped(posture, sums_of(posture), posture.accountable)
    return {
        number: (_ratio(group), group.grade)
        for number, group in zip(posture.accountable.tolist(), groups, strict=True)
    }


def _ratio(group: Any) -> float | None:
    ratio = group.total.ratio if group.total.known else None
    return None if ratio is None or np.isnan(ratio) else float(ratio)


def _owned(posture: Posture, number: int) -> bool | None:
    """Return whether an identity has an active owner; None if unknown."""
    if any(posture.ownership.covered[role][number] != NOBODY for role in ROLES):
        return True
    return None if posture.owner_states[number] == "unknown" else False


def _scope(posture: Posture, entries: list[tuple[int, int, int]] | None) -> dict[str, Any]:
    """Return the resources of a declared scope, in all and for each level; nothing without one.

    Those that a resource of it contains are among them.
    """
    if entries is None:
        return {}
    ids, is_resource = posture.graph.ids, posture.graph.has_label(RESOURCE)
    allowed: dict[str, set[str]] = {level: set() for level in LEVELS}
    for low, high, level in entries:
        named = low + np.flatnonzero(is_resource[low:high])
        numbers = np.append(named, parts_of(posture.graph, named))
        allowed[LEVELS[level]].update(str(ids[int(at)]) for at in numbers)
    return {
        "declared_scope": sorted(set().union(*allowed.values())),
        "declared_scope_at": {level: sorted(things) for level, things in allowed.items()},
    }


def _stated_facts(posture: Posture, reads: Reads) -> Facts:
    """Return the facts that sources state of a thing, as they state them."""
    wanted = {name: column for name, column in STATED.items() if reads(name)}
    by_name = {name: dict(_column(posture, column)) for name, column in wanted.items()}
    return lambda number: {name: values.get(number) for name, values in by_name.items()}


def _column(posture: Posture, column: str) -> Iterator[tuple[int, str | bool]]:
    """Yield the stated values of a property, over all labels that have it, by number."""
    graph = posture.graph
    for label in FACT_NODES:
        frame = graph.frames[label]
        if not label.has(column):
            continue
        rows = frame[frame[column].notna()]
        numbers = graph.numbers(rows["id"]).tolist()
        yield from ((n, _plain(v)) for n, v in zip(numbers, rows[column], strict=True))


def _plain(value: Any) -> str | bool:
    return value if isinstance(value, str) else bool(value)
