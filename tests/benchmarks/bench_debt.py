"""Trust debt: every item of many entitlements, and the same by a plain loop."""

import json
import statistics
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from analytics.assumptions.entitlements import entitlements
from analytics.assumptions.families.credentials import credential_pairs
from analytics.assumptions.items import assess_items
from analytics.debt import ASSUMPTIONS, Debt, model
from analytics.debt.totals import total
from analytics.posture import Posture, assess
from graph.access import AccessGraph
from graph.facts import Facts
from graph.instants import NEVER, milliseconds
from graph.schema import AGENT, CAN_ACCESS, CREDENTIAL, LEVELS
from tests.benchmarks.estate_of_grants import estate_of_grants
from tests.benchmarks.measure import Figure, Size, Topic, cpu, peak

SAMPLE = 20_000  # entitlements that the loop judges, and is scaled from
DAY = 86_400_000
UNIT = model()
MOST = 5.0  # seconds for a million entitlements


def of_all(size: Size) -> Iterator[Figure]:
    """Time all items from the facts in memory, then once the graph is known, and by a loop."""
    every_item(fresh(estate_of_grants(1_000)))  # loads the compiled code
    facts = estate_of_grants(size.nodes)
    yield peak("memory that the facts take")
    made: list[Debt] = []
    posture = fresh(facts)
    took = cpu(lambda: made.append(every_item(posture)))
    debt = made[0]
    yield Figure("entitlements", len(debt.units), "")
    yield Figure("items that apply to them", items(debt), "")
    yield Figure("items listed: broken or unknown", len(debt.rows), "")
    yield Figure("all items, from the facts, processor time", took, "s", 1, at_most=MOST)
    yield peak("all items, peak memory, the facts included")
    again = statistics.median(cpu(lambda: every_item(posture)) for _ in range(3))
    yield Figure("all items, the graph being read, processor time", again, "s", 3)
    yield Figure("items that apply, each second", items(debt) / again, "")
    plain = Plain(posture, debt)
    count = min(SAMPLE, len(debt.units))
    loop = cpu(lambda: plain.judge(range(count))) * len(debt.units) / count
    plain.check(count)
    yield Figure(f"the same by a plain Python loop, scaled from {SAMPLE:,}", loop, "s")
    yield Figure("the loop against ours", loop / again, "x")


def fresh(facts: Facts) -> Posture:
    """Return a posture that has computed nothing."""
    return assess(AccessGraph.of(facts))


def every_item(posture: Posture) -> Debt:
    """Judge all entitlements together."""
    return assess_items(posture, UNIT, entitlements(posture, UNIT))


def items(debt: Debt) -> int:
    """Count the items that apply: two of an owner, and five for each credential."""
    weights = np.array(UNIT.weight)
    of_each = debt.applicable.sum(axis=0) / weights
    base = of_each[ASSUMPTIONS.index("scope")]
    return round(len(debt.units) * (1 + of_each.sum() / base)) if base else 0


class Plain:
    """Judges entitlements one by one, from dictionaries of plain values."""

    def __init__(self, posture: Posture, debt: Debt) -> None:
        graph, units = posture.graph, debt.units
        self.debt, self.now = debt, graph.now
        grants = graph.frames[CAN_ACCESS]
        telemetry, used, granted = graph.grant_use
        ends = milliseconds(grants["expires_at"]).tolist()
        approved = milliseconds(grants["reviewed_at"]).tolist()
        self.grants = [
            {"seen": s, "used": u, "granted": g, "ends": e, "approved": a}
            for s, u, g, e, a in zip(
                telemetry.tolist(), used.tolist(), granted.tolist(), ends, approved, strict=True
            )
        ]
        ids = graph.ids
        self.units = [
            (who, grant, level, weight, exposure, ids[resource].as_py())
            for who, grant, level, weight, exposure, resource in zip(
                *(a[:SAMPLE].tolist() for a in (units.identity, units.grant, units.level)),
                *(a[:SAMPLE].tolist() for a in (units.weight, units.exposure, units.resource)),
                strict=True,
            )
        ]
        self.owners = self._owners(posture)
        agents = graph.frames[AGENT]
        self.scopes = {
            number: [(e["resource"], LEVELS.index(e["level"])) for e in json.loads(said)]
            for number, said in zip(
                graph.numbers(agents["id"]).tolist(), agents["declared_scope"], strict=True
            )
        }
        self.keys = self._keys(posture)
        self.owed = 0.0

    def _owners(self, posture: Posture) -> dict[int, list[int | None]]:
        """Return for each identity since when nobody is its owner in each role, if so."""
        owned, found = posture.ownership, defaultdict(list)
        owns = owned.owns
        for role, covered in owned.covered.items():
            left = owns[owns["role"] == role].groupby("thing")["ended"].max().to_dict()
            for one in posture.accountable.tolist():
                since = left.get(one, NEVER)
                since = since if since != NEVER else int(posture.created_at[one])
                found[one].append(None if covered[one] >= 0 else since)
        return found

    def _keys(self, posture: Posture) -> dict[int, list[dict[str, object]]]:
        frame, pairs = posture.graph.frames[CREDENTIAL], credential_pairs(posture)
        made = milliseconds(frame["created_at"]).tolist()
        rows = [
            {"made": at, "storage": storage, "strength": strength}
            for at, storage, strength in zip(made, frame["storage"], frame["strength"], strict=True)
        ]
        found = defaultdict(list)
        for place, row in zip(pairs.place.tolist(), pairs.row.tolist(), strict=True):
            found[int(posture.accountable[place])].append(rows[row])
        return found

    def judge(self, which: range) -> None:
        """Add up what these entitlements owe."""
        self.owed = sum(self._unit(*self.units[u]) for u in which)

    def check(self, count: int) -> None:
        """Make sure that it is the debt of the same items."""
        rows = self.debt.rows
        ours = rows.debt[rows.entitlement < count].sum()
        assert abs(self.owed - ours) <= 1e-6 * ours, (self.owed, ours)
        assert total(self.debt).debt >= ours

    def _unit(self, who: int, grant: int, level: int, weight: float, e: float, name: str) -> float:
        facts, now, broken = self.grants[grant], self.now, []
        for since in self.owners[who]:
            if since is not None:
                broken.append(("owner", 0.5, since))
        scope = self.scopes[who]
        if not any(
            at == level and (name.startswith(r[:-1]) if r.endswith("*") else r == name)
            for r, at in scope
        ):
            broken.append(("scope", 1.0, facts["granted"]))
        last = max(facts["used"][level], facts["granted"])
        if facts["seen"] and now - last > 90 * DAY:
            broken.append(("necessity", 1.0, last + 90 * DAY))
        if facts["ends"] == NEVER:
            broken.append(("standing", 1.0, facts["granted"]))
        elif facts["ends"] <= now:
            broken.append(("outlived", 1.0, facts["ends"]))
        approved = max(facts["approved"], facts["granted"])
        if now - approved > 90 * DAY:
            broken.append(("review", 1.0, approved + 90 * DAY))
        for key in self.keys[who]:
            if key["storage"] not in ("vault", "unknown"):
                broken.append(("cred_storage", 1.0, key["made"]))
            if now - key["made"] > 90 * DAY:
                broken.append(("cred_age", 1.0, key["made"] + 90 * DAY))
            if key["strength"] == "weak":
                broken.append(("cred_auth", 1.0, key["made"]))
        return sum(self._owed(e, *item) for item in broken)

    def _owed(self, exposure: float, assumption: str, degree: float, since: int) -> float:
        k = ASSUMPTIONS.index(assumption)
        cycles = max(0, self.now - since) / DAY / UNIT.cycle[k]
        return UNIT.weight[k] * degree * exposure * (1 + min(cycles, UNIT.cap))


TOPIC = Topic(
    "Trust debt",
    "An estate of entitlements in memory: each agent has a key and an account with grants of its "
    "own, and shares those of two groups. From the facts: ownership, scopes, reviews, credentials "
    "and every entitlement are worked out as well. The plain loop only judges the same "
    "entitlements, one by one, from values that lie ready, and owes the same.",
    45,
    (of_all,),
    ("100k", "1M"),
    generated=False,
)
