"""The prediction of the gate: what a planned agent would reach and owe, once it is there."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analytics.assumptions.families.environment import crossing
from analytics.debt.owed import debt_of
from analytics.posture import Filter, Posture
from analytics.reach.known import opaque_nodes
from analytics.reach.spread import spread
from analytics.remediation.gate.names import Match, Names
from analytics.remediation.gate.overlay import ROLES, Overlay, known_name
from analytics.remediation.removal.before_and_after import changed
from analytics.selectors import crown_jewels
from analytics.weights import UNKNOWN, mask_weights
from graph.rows.planned import Planned
from graph.schema import (
    AGENT,
    CAN_ACCESS,
    GROUP,
    HUMAN,
    LEVELS,
    RESOURCE,
    SENSITIVITIES,
    TOOL,
)
from graph.values import choice_bits

NAMED = 5  # nodes named in a sentence
CLASSES = (*SENSITIVITIES, UNKNOWN)


@dataclass(frozen=True)
class Owed:
    """The debt that a planned agent would run up in a day.

    `per_day` is None where it is unknown, for the reason `because`. `most` counts what no source
    could verify as broken; it is None where the agent may reach more than is seen.
    """

    per_day: float | None
    most: float | None
    because: str | None


@dataclass(frozen=True)
class Predicted:
    """What a planned agent would reach and owe.

    Attributes
    ----------
    after : Posture
        The estate with the agent; `start` is the number in it of the agent.
    reached : DataFrame
        A row for each resource: its number `resource`, `levels` (bits), `hops`, `weight`, its
        `class`, whether it is a `jewel`, and `unasked` (bits): levels that no row of access asks
        for, of `unasked_weight`.
    asked : float
        The weight of what the rows of access ask for.
    incomplete : list of str
        Why it may reach more. Without any, the figures are exact; otherwise they are lower bounds.
    known : bool
        False if nothing is known of what it reaches.
    crosses : ndarray
        Numbers of production resources that it would reach from another environment.
    """

    after: Posture
    start: int
    reached: pd.DataFrame
    asked: float
    incomplete: list[str]
    known: bool
    crosses: np.ndarray

    @cached_property
    def owed(self) -> Owed:
        """What it would owe."""
        return _owed(self.after, self.start, self.incomplete)

    @property
    def resources(self) -> int | None:
        """The count of resources within reach, at least; None if unknown."""
        return len(self.reached) if self.known else None

    @property
    def weighted(self) -> float | None:
        """The weighted reach, at least; None if unknown. Larger is worse."""
        return float(self.reached["weight"].sum()) if self.known else None

    @property
    def width(self) -> float | None:
        """The weighted reach by what the rows ask for: 1 if both are equal, None without any."""
        return self.weighted / self.asked if self.asked and self.weighted is not None else None

    @property
    def by_sensitivity(self) -> dict[str, int | None]:
        """The count of resources within reach by class."""
        counts = self.reached["class"].value_counts()
        return {name: int(counts.get(name, 0)) if self.known else None for name in CLASSES}

    def names(self, numbers: np.ndarray) -> str:
        """Name the first few nodes of the estate with the agent, and count the rest."""
        names = [self.after.graph.thing(int(n))["name"] for n in numbers[:NAMED]]
        more = f" and {len(numbers) - NAMED} more" if len(numbers) > NAMED else ""
        return ", ".join(names) + more


def predict(planned: Planned, names: Names, made: Overlay) -> Predicted:
    """Judge the estate with a planned agent, by the same calculations as any other."""
    after = changed(names.posture, added=made.additions)
    start = after.graph.number(made.start)
    network = after.network(Filter())
    search = spread(network, start)
    rows = search.reached()
    number, bits = rows["resource"].to_numpy(), rows["levels"].to_numpy()
    classes = after.sensitivities.loc[number]
    weight, factor = classes["weight"].to_numpy(), mask_weights()
    asked = _asked(planned, names, after)
    unasked = bits & ~asked[number]
    reached = pd.DataFrame(
        {
            "resource": number,
            "levels": bits,
            "hops": rows["hops"].to_numpy(),
            "weight": weight * factor[bits],
            "class": classes["stated"].to_numpy(object),
            "jewel": crown_jewels(after)[number],
            "unasked": unasked,
            "unasked_weight": weight * factor[unasked],
        }
    )
    met = np.unique(search.states >> 2)
    incomplete = list(dict.fromkeys(_incomplete(planned, names, after, start, met)))
    return Predicted(
        after=after,
        start=start,
        reached=reached,
        asked=float((after.sensitivities["weight"].to_numpy() * factor[asked]).sum()),
        incomplete=incomplete,
        known=bool(len(reached)) or not incomplete,
        crosses=_crossing(after, start, number),
    )


def _asked(planned: Planned, names: Names, after: Posture) -> np.ndarray:
    """Return the levels that the rows of access ask for, of each node of the estate (bits)."""
    asked = np.zeros(len(after.graph.ids), np.uint8)
    ids = names.posture.graph.ids
    for row in planned.access:
        number = names.find(row.resource, RESOURCE).number if row.resource else None
        if number is not None:
            at = after.graph.number(str(ids[number]))
            asked[at] |= sum(1 << LEVELS.index(level) for level in row.levels)
    if planned.id is not None:
        _ask_stated(planned, after, asked)
    return asked


def _ask_stated(planned: Planned, after: Posture, asked: np.ndarray) -> None:
    """Count the grants that a file states of the identity itself as asked for."""
    frame = planned.rows.get(CAN_ACCESS)
    if frame is None:
        return
    own = frame[(frame["source_id"] == planned.id).to_numpy(bool)]
    bits = choice_bits(own["levels"], LEVELS)
    np.bitwise_or.at(asked, after.graph.numbers(own["target_id"]), bits)


def _incomplete(
    planned: Planned, names: Names, after: Posture, start: int, met: np.ndarray
) -> Iterator[str]:
    """Yield the reasons why the agent may reach more than is seen: names, parts and nodes."""
    if "access" not in planned.stated:
        yield f"the {planned.form} does not state what the agent may access"
    for part, reason, _ in planned.unknown:
        if part == "access":
            yield reason
    for match in _matches(planned, names):
        if match.number is None:
            yield match.problem
    if after.known(Filter()).complete[start]:
        return
    for number in met[opaque_nodes(after.graph)[met]]:
        yield f"no source states grants of {after.graph.thing(int(number))['name']}"


def _matches(planned: Planned, names: Names) -> Iterator[Match]:
    """Yield the nodes that reach depends on."""
    for row in planned.access:
        yield from (
            names.find(name, *labels)
            for name, labels in (
                (row.resource, (RESOURCE,)),
                (row.role, ROLES),
                (row.group, (GROUP,)),
            )
            if name is not None
        )
    yield from (names.find(known_name(tool, names), TOOL) for tool in planned.tools)
    yield from (names.find(name, AGENT) for name in planned.delegates_to)
    yield from (names.find(name, HUMAN, AGENT) for name in planned.acts_for)


def _crossing(after: Posture, start: int, resources: np.ndarray) -> np.ndarray:
    """Return the production resources that the agent would reach from another environment."""
    identity = np.full(len(resources), start)
    broken, _ = crossing(after, identity, identity, resources)
    return np.asarray(resources[broken])


def _owed(after: Posture, start: int, incomplete: list[str]) -> Owed:
    """Return the interest that the agent would owe, by the model of trust debt."""
    debt = debt_of(after)
    place = int(np.searchsorted(debt.identities, start))
    if place == len(debt.identities) or debt.identities[place] != start:
        return Owed(None, None, "the identity is not judged: nobody could answer for it")
    if not debt.known[place]:
        return Owed(None, None, "what it may use is not known")
    units = debt.units.place[debt.rows.entitlement] == place
    cycles = debt.model.cycles[debt.rows.assumption[units]]
    per_day = float(debt.interest[place].sum())
    if np.isnan(per_day):
        return Owed(None, None, "an assumption could not be judged, by a fault of trustdebt")
    unverified = float((debt.rows.unverified[units] / cycles).sum())
    if incomplete:
        return Owed(per_day, None, None)  # at least
    return Owed(per_day, per_day + unverified, None)
