"""The five pillars of governance: the share of each that is in evidence, from 0 to 1.

A part counts what is shown to be in order, of all that it applies to. Unknown amounts are not in
evidence, so they count in the denominator only, and are listed separately from broken ones.
"""

from dataclasses import dataclass

import numpy as np

from analytics.assumptions.model import NUMBER
from analytics.figures.measure import population
from analytics.posture import Posture
from analytics.usage.last_active import last_active
from graph.instants import NEVER
from graph.schema import IDENTITIES

COUNT, EXPOSURE = "identities", "weighted exposure"


@dataclass(frozen=True)
class Part:
    """One part of a pillar: the amounts shown to be in order, unknown, and in all."""

    name: str
    title: str
    shown: float
    unknown: float
    of: float


@dataclass(frozen=True)
class Pillar:
    """One of the five pillars; its parts have the same unit and are added up."""

    name: str
    title: str
    unit: str
    parts: tuple[Part, ...]

    @property
    def shown(self) -> float:
        """The amount in evidence."""
        return sum(part.shown for part in self.parts)

    @property
    def unknown(self) -> float:
        """The unknown amount."""
        return sum(part.unknown for part in self.parts)

    @property
    def of(self) -> float:
        """The whole amount."""
        return sum(part.of for part in self.parts)


BY_ASSUMPTION = {
    "lifecycle": (
        "Life cycle",
        {
            "outlived": "Access that has ended is gone",
            "standing": "Access ends by itself",
            "review": "Access was approved lately",
            "cred_age": "Credentials are rotated",
        },
    ),
    "policy": (
        "Policy",
        {
            "scope": "Access is within its declared scope",
            "necessity": "Access is used",
            "env": "Environments are kept apart",
            "third_party": "Third parties were vetted",
            "sod": "Duties are separated",
            "cred_storage": "Secrets are kept in a vault",
            "cred_auth": "Authentication is strong",
            "cred_shared": "Credentials are not shared",
            "cred_human": "People do not use them",
        },
    ),
    "ownership": ("Ownership", {"owner": "Somebody answers for it in both roles"}),
}


def pillars(posture: Posture) -> tuple[Pillar, ...]:
    """Return the five pillars."""
    by_debt = {
        name: Pillar(
            name, title, EXPOSURE, tuple(_in_order(posture, k, v) for k, v in parts.items())
        )
        for name, (title, parts) in BY_ASSUMPTION.items()
    }
    monitoring = (_observed(posture), _in_order(posture, "evidence", "Decisions explain its use"))
    return (
        Pillar("discovery", "Discovery", COUNT, _discovered(posture)),
        by_debt["lifecycle"],
        by_debt["policy"],
        Pillar("monitoring", "Monitoring", EXPOSURE, monitoring),
        by_debt["ownership"],
    )


def _in_order(posture: Posture, assumption: str, title: str) -> Part:
    """Return the part of an assumption: where it is known to hold."""
    owed, k = population(posture).owed, NUMBER[assumption]
    of, unknown = float(owed.applicable[:, k].sum()), float(owed.unverified[:, k].sum())
    broken = float(owed.principal[:, k].sum())
    return Part(assumption, title, max(of - unknown - broken, 0.0), unknown, of)


def _observed(posture: Posture) -> Part:
    """Return the part of the access whose use would be seen."""
    owed, k = population(posture).owed, NUMBER["necessity"]
    of, unseen = float(owed.applicable[:, k].sum()), float(owed.unverified[:, k].sum())
    return Part("observed", "Its use would be seen", of - unseen, unseen, of)


def _discovered(posture: Posture) -> tuple[Part, ...]:
    """Return the parts on what is known of the identities themselves."""
    identities = population(posture).identities
    known = {
        "complete": ("Stated by a source that was read completely", stated_completely(posture)),
        "created": ("Its creation is known", posture.created_at != NEVER),
        "environment": ("Its environment is known", _stated(posture, "env")),
        "purpose": ("Its purpose is known", _stated(posture, "purpose")),
        "activity": ("Its last activity is known", last_active(posture) != NEVER),
    }
    return tuple(
        Part(
            name,
            title,
            int(flags[identities].sum()),
            int((~flags[identities]).sum()),
            len(identities),
        )
        for name, (title, flags) in known.items()
    )


def stated_completely(posture: Posture) -> np.ndarray:
    """Return a mask of the nodes that a completely read scope declares as identities."""
    graph = posture.graph
    complete_scopes = {c.key for c in graph.coverage if c.complete}
    mask = np.zeros(len(graph.ids), bool)
    for label in IDENTITIES:
        frame = graph.facts.frames[label]
        keys = list(zip(frame["source"], frame["scope"], strict=True))
        stated = np.array([key in complete_scopes for key in keys], bool)
        mask[graph.numbers(frame["id"][stated])] = True
    return mask


def _stated(posture: Posture, column: str) -> np.ndarray:
    """Return a mask of the identities for which a source declares `column`."""
    graph = posture.graph
    mask = np.zeros(len(graph.ids), bool)
    for label in IDENTITIES:
        frame = graph.frames[label]
        mask[graph.numbers(frame["id"][frame[column].notna()])] = True
    return mask


def nobody_could(pillar: Pillar | Part) -> str | None:
    """Return why a pillar, or a part of one, is not measured; None if it is."""
    if not pillar.of:
        return "there is nothing that it applies to"
    if pillar.unknown >= pillar.of:
        return "not known: no source declares what it depends on"
    return None
