"""Findings by their definition, in plain Python, one identity and one fact after the other."""

import copy
from collections import defaultdict
from collections.abc import Callable, Iterator

from tests.support.estates.small_estates import Estate
from tests.support.references.debt import Reference
from tests.support.references.debt_definition import IDENTITY, day

Found = set[tuple[str, str]]
SECRETLESS = ("federated", "workload")
OPEN = ("code", "config", "ci", "chat", "env")
ROLES = ("business", "technical")
DORMANT, UNUSED = 45, 90
BANDS = ((90, "critical"), (30, "high"), (9, "medium"), (0, "low"))
BY_HEAVIEST = {  # weight: as severe as the heaviest entitlement, of whatever term or key
    **{"OWN-01": 1, "OWN-04": 1 / 2, "SCP-01": 9 / 12, "ISO-02": 10 / 12},
    **{"CRD-01": 8 / 12, "CRD-02": 11 / 12, "CRD-05": 7 / 12},
}
KEY_ENDED = ("disabled", "revoked", "expired", "deleted")  # as a source says; a date is no end
FAILED = ("denied", "failure", "error", "failed", "deny")


def _whole(estate: Estate) -> Estate:
    """Give every row all properties of its kind, absent ones as None."""
    other = copy.copy(estate)
    other.rows = {
        element: [dict.fromkeys((p.name for p in element.properties), None) | row for row in rows]
        for element, rows in estate.rows.items()
    }
    return other


class Findings(Reference):
    """What each rule finds: pairs of a subject and an object, "" where it is about the whole."""

    def __init__(self, estate: Estate) -> None:
        super().__init__(_whole(estate))
        self.subjects = [i for i in self.identities() if self._serves(i)]
        self.reached = {i: self._all_it_can_be(i) for i in self.identities()}
        self.behind = defaultdict(set)
        for identity, nodes in self.reached.items():
            for node in nodes:
                self.behind[node].add(identity)
        self.uses = list(self._uses())

    def found(self) -> dict[str, Found]:
        """Return what each rule finds."""
        rules: dict[str, Callable[[str], Iterator[str]]] = {
            "OWN-01": self._nobody,
            "OWN-04": self._one_role,
            "SCP-01": self._no_scope,
            "SCP-02": self._beyond_scope,
            "LPR-03": self._administers,
            "TIM-01": self._standing,
            "TIM-02": self._outlived,
            "TIM-03": self._dormant,
            "REV-01": self._review_due,
            "REV-02": self._revocation_open,
            "CRD-01": self._old_secret,
            "CRD-02": self._outside_vault,
            "CRD-05": self._human,
            "CRD-06": self._idle_key,
            "CRD-07": self._leaked,
            "ISO-02": self._unvetted,
            "ISO-03": self._both_sides,
            "ISO-05": self._loose,
        }
        return {
            rule: {(one, about) for one in self.subjects for about in find(one)}
            for rule, find in rules.items()
        }

    def figures(self) -> dict[str, tuple[int, int]]:
        """Return numerator and denominator of the leadership figures that count things."""
        keys = {key: facts for one in self.subjects for key, facts in self.held(one)}
        secrets = [f["storage"] for f in keys.values() if f["type"] not in SECRETLESS]
        stored = [s for s in secrets if s not in (None, "unknown")]
        both = [o for o in self.subjects if all(self._answers(o, r) for r in ROLES)]
        idle = {key for one in self.subjects for key in self._idle_key(one)}
        known = [k for k, f in keys.items() if self._expired(f) or self._since(k, f) is not None]
        lives = [self._short(f) for f in keys.values()]
        return {
            "ownership_coverage": (len(both), len(self.subjects)),
            "secrets_in_vault": (stored.count("vault"), len(stored)),
            "idle_credentials": (len(idle), len(known)),
            "short_lived_credentials": (lives.count(True), len(lives) - lives.count(None)),
        }

    def severity(self, rule: str, one: str) -> str:
        """Return how bad a finding of a rule of `BY_HEAVIEST` on an identity is."""
        weighs = max(
            (self._exposure(one, row, level) for row, level, _ in self.units(one)), default=0
        )
        quantity = BY_HEAVIEST[rule] * weighs
        return next(name for least, name in BANDS if quantity >= least)

    # -- who is judged

    def identities(self) -> list[str]:
        """Return agents, accounts and workload roles that are there and nobody else's."""
        live = {
            t
            for t, f in self.facts.items()
            if f["label"] == "Agent" and f.get("status") != "deleted"
        }
        held = {
            r["target_id"]
            for r in self.rows["USES"]
            if r["source_id"] in live and self.facts[r["target_id"]]["status"] not in KEY_ENDED
        }
        taken = {r["target_id"] for r in self.rows["RUNS_AS"] if r["source_id"] in live}
        taken |= {r["target_id"] for r in self.rows["AUTHENTICATES_AS"] if r["source_id"] in held}
        entry = {t for t, f in self.facts.items() if f.get("type") in ("service", "oidc_provider")}
        work = {r["source_id"] for r in self.rows["TRUSTS"] if r["target_id"] in entry}
        there = [t for t, f in self.facts.items() if f.get("status") != "deleted"]
        return [
            t
            for t in there
            if t in live
            or (self.facts[t]["label"] == "ServiceAccount" and t not in taken)
            or (self.facts[t]["label"] == "Role" and t in work and t not in taken)
        ]

    def _serves(self, identity: str) -> bool:
        return self.facts[identity].get("status") in (None, "active")

    def _is(self, thing: str, *labels: str) -> bool:
        return self.facts[thing]["label"] in labels

    def _unlogged(self, identity: str) -> set[str]:
        """Return what it can be by steps that do not say themselves when they were taken."""
        return self._all_it_can_be(identity, logged=False)

    def _logs(self, row: dict) -> bool:
        """Whether a step, or the thing it begins at, says itself when it was used."""
        thing = self.facts[row["source_id"]]
        return bool(
            row.get("last_used_at") or thing.get("last_used_at") or thing.get("last_active_at")
        )

    def _all_it_can_be(self, start: str, logged: bool = True) -> set[str]:
        """Follow every step that stays with one identity, whatever became of its keys since."""
        steps = defaultdict(set)
        for kind in IDENTITY:
            for row in self.rows[kind]:
                if logged or not self._logs(row):
                    steps[row["source_id"]].add(row["target_id"])
        seen, queue = {start}, [start]
        while queue:
            more = steps[queue.pop()] - seen
            seen |= more
            queue += more
        return {node for node in seen if not self._is(node, "Team")}

    # -- use, wherever it was seen

    def _uses(self) -> Iterator[tuple[str, float, str | None]]:
        """Yield each sight of something in use: what, when, and by which thing, if it is said.

        Who uses a key that opens one thing only was seen acting as that.
        """
        for thing, at, by in list(self._sights()):
            yield thing, at, by
            opens = [r["target_id"] for r in self.rows["AUTHENTICATES_AS"]
                     if r["source_id"] == thing]  # fmt: skip
            if len(opens) == 1:
                yield opens[0], at, by

    def _sights(self) -> Iterator[tuple[str, float, str | None]]:
        for thing, facts in self.facts.items():
            for name in ("last_active_at", "last_used_at"):
                if facts.get(name):
                    yield thing, day(facts[name]), None
        for kind in (*IDENTITY, "CALLS", "SPAWNS", "ACTS_FOR"):
            for row in self.rows[kind]:
                if row.get("last_used_at"):
                    yield row["source_id"], day(row["last_used_at"]), None
                    if kind in IDENTITY and not self._is(row["target_id"], "Group"):
                        yield row["target_id"], day(row["last_used_at"]), row["source_id"]
        for row in self.rows["CAN_ACCESS"]:
            for at in (row.get("last_used_at") or {}).values():
                yield row["source_id"], day(at), None
        for row in self.rows["USED"]:
            yield row["source_id"], day(row["last_at"]), None
        for row in self.rows["UseEvent"]:
            if row["outcome"] not in FAILED:
                yield row["principal"], day(row["at"]), row.get("credential")
                if row.get("credential"):
                    yield row["credential"], day(row["at"]), None

    def _led(self, thing: str) -> set[str]:
        """Return the thing and what can be entered from it only, step after step."""
        links = [(r["source_id"], r["target_id"]) for kind in IDENTITY for r in self.rows[kind]]
        steps = [(s, t) for s, t in links if not self._is(t, "Group", "Team", "Agent")]
        sources = defaultdict(set)
        for source, target in steps:
            sources[target].add(source)
        known, queue = {thing}, [thing]
        while queue:
            here = queue.pop()
            only = {t for s, t in steps if s == here and sources[t] == {here}} - known
            known |= only
            queue += only
        return known

    def last_used(self, key: str) -> float | None:
        """Return when a key was used: by what says so, or by what only it leads to."""
        known = self._led(key)
        made = day(self.facts[key].get("created_at"))
        own = [at for thing, at, _ in self.uses if thing == key]
        led = [at for thing, at, _ in self.uses if thing in known and (made is None or at >= made)]
        return max(own + led, default=None)

    def active(self, identity: str) -> tuple[float | None, float | None]:
        """Return when it was last seen for certain, and when last it may have been."""
        alone = [t for t in self.reached[identity] if self.behind[t] == {identity}]
        mine = {t for t in alone if not self._is(t, "Group")}  # who else is in it?
        mine |= self._led(identity)
        certain = [at for thing, at, _ in self.uses if thing in mine]
        open_to = self._unlogged(identity)
        perhaps = [at for thing, at, by in self.uses if thing in open_to and by in {None, *open_to}]
        return max(certain, default=None), max(perhaps, default=None)

    # -- owners

    def _answers(self, thing: str, role: str) -> bool:
        """Whether somebody does, by a statement or for the parent that spawned it."""
        if any(self._stands(row) for row in self.rows["OWNS"]
               if row["target_id"] == thing and self._counts(row, role)):  # fmt: skip
            return True
        parents = [r["source_id"] for r in self.rows["SPAWNS"] if r["target_id"] == thing]
        return any(self._serves(p) and self._answers(p, role) for p in parents)

    def _stands(self, row: dict) -> bool:
        return any(map(self._here, self._people(row["source_id"])))

    def _nobody(self, one: str) -> Iterator[str]:
        if not any(self._answers(one, role) for role in ROLES):
            yield ""

    def _one_role(self, one: str) -> Iterator[str]:
        if sum(self._answers(one, role) for role in ROLES) == 1:
            yield ""

    # -- scope and grants

    def _no_scope(self, one: str) -> Iterator[str]:
        facts = self.facts[one]
        lacks = facts.get("purpose") is None or facts.get("declared_scope") is None
        if self._is(one, "Agent", "ServiceAccount") and lacks:
            yield ""

    def _beyond_scope(self, one: str) -> Iterator[str]:
        said = self.facts[one].get("declared_scope")
        for row, level, _ in self.units(one) if said is not None else ():
            if not any(e["resource"] == row["target_id"] and e["level"] == level for e in said):
                yield row["target_id"]

    def _administers(self, one: str) -> Iterator[str]:
        units = [(row, level) for row, level, _ in self.units(one) if level == "admin"]
        if any(self._sensitivity(row) >= 10 for row, _ in units):
            yield ""

    def _standing(self, one: str) -> Iterator[str]:
        if any(free and row["expires_at"] is None for row, _, free in self.units(one)):
            yield ""

    def _outlived(self, one: str) -> Iterator[str]:
        end = day(self.facts[one].get("expires_at"))
        if self._is(one, "Agent") and end is not None and end <= self.now:
            yield ""
        for row, _, _ in self.units(one):
            ends = (day(row["expires_at"]), day(row["task_ended_at"]))
            if any(at is not None and at <= self.now for at in ends):
                yield row["target_id"]

    def _review_due(self, one: str) -> Iterator[str]:
        if any(self._overdue(one, row)[0] for row, _, _ in self.units(one)):
            yield ""

    def _revocation_open(self, one: str) -> Iterator[str]:
        for row, _, _ in self.units(one):
            if self._revoked(one, row) is not None:
                yield row["target_id"]

    # -- credentials

    def held(self, one: str) -> Iterator[tuple[str, dict]]:
        """Yield the credentials of an identity that nobody ended."""
        mine = {r["target_id"] for r in self.rows["USES"] if r["source_id"] == one}
        opens = [(r["source_id"], r["target_id"]) for r in self.rows["AUTHENTICATES_AS"]]
        mine |= {key for key, account in opens if account == one}
        taken = {r["target_id"] for r in self.rows["USES"]}
        runs = {r["target_id"] for r in self.rows["RUNS_AS"] if r["source_id"] == one}
        mine |= {key for key, account in opens if account in runs and key not in taken}
        for key in sorted(mine):
            facts = self.facts[key]
            if facts["status"] not in KEY_ENDED:
                yield key, facts

    def _expired(self, facts: dict) -> bool:
        end = day(facts.get("expires_at"))
        return end is not None and end <= self.now

    def _dormant(self, one: str) -> Iterator[str]:
        direct = {r["target_id"] for r in self.rows["USES"] if r["source_id"] == one}
        direct |= {r["source_id"] for r in self.rows["AUTHENTICATES_AS"] if r["target_id"] == one}
        live = any(key in direct and not self._expired(facts) for key, facts in self.held(one))
        certain, perhaps = self.active(one)
        last = certain if certain is not None else day(self.facts[one].get("created_at"))
        quiet = last is not None and self.now - last > DORMANT
        if live and quiet and (perhaps is None or self.now - perhaps > DORMANT):
            yield ""

    def _idle_key(self, one: str) -> Iterator[str]:
        for key, facts in self.held(one):
            last = self._since(key, facts)
            if self._expired(facts) or (last is not None and self.now - last > DORMANT):
                yield key

    def _since(self, key: str, facts: dict) -> float | None:
        """Return when a key was used, or made where it never was."""
        seen = self.last_used(key)
        made = [day(facts[n]) for n in ("created_at", "rotated_at") if facts[n]]
        return max(made, default=None) if seen is None else seen

    def _short(self, facts: dict) -> bool | None:
        begun = [day(facts[n]) for n in ("created_at", "rotated_at") if facts[n]]
        ends = day(facts["expires_at"])
        if facts["type"] in SECRETLESS:
            return True
        if ends is None:
            return False
        return ends - max(begun) <= UNUSED if begun else None

    def _old_secret(self, one: str) -> Iterator[str]:
        for key, facts in self.held(one):
            if facts["type"] not in SECRETLESS and self._old(facts)[0]:
                yield key

    def _outside_vault(self, one: str) -> Iterator[str]:
        for key, facts in self.held(one):
            if facts["type"] not in SECRETLESS and facts["storage"] in OPEN:
                yield key

    def _human(self, one: str) -> Iterator[str]:
        tags = self.facts[one].get("tags") or []
        for key, facts in self.held(one):
            if facts["human_used_at"] and "break-glass" not in tags:
                yield key

    def _leaked(self, one: str) -> Iterator[str]:
        for key, facts in self.held(one):
            if facts["status"] == "leaked" and not self._expired(facts):
                yield key

    # -- isolation

    def _unvetted(self, one: str) -> Iterator[str]:
        if self.facts[one].get("third_party") and self._approved(one) is None:
            yield ""

    def _both_sides(self, one: str) -> Iterator[str]:
        held = {(row["target_id"], level) for row, level, _ in self.units(one)}
        for rule in self.rows["SodRule"]:
            sides = [(rule[f"{s}_resource"], rule[f"{s}_level"]) for s in ("left", "right")]
            if all(side in held for side in sides):
                yield rule["right_resource"]

    def _loose(self, one: str) -> Iterator[str]:
        for kind in ("SPAWNS", "ACTS_FOR"):
            for row in self.rows[kind]:
                gone = self.facts[row["target_id"]].get("status") == "deleted"
                if row["source_id"] == one and row["ceiling"] is None and not gone:
                    yield row["target_id"]
