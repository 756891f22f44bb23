"""Trust debt counted item by item in plain Python, by the definition."""

import json
from collections import defaultdict, deque
from collections.abc import Iterator

import pandas as pd

from graph.schema import LEVELS
from tests.support.estates.small_estates import AS_OF, Estate
from tests.support.references.debt_definition import (
    DAY_MS,
    IDENTITY,
    LEVEL,
    LISTING,
    RULES,
    SENSITIVITY,
    Item,
    day,
    owed,
)


class Reference:
    """Trust debt as of an instant, in plain Python."""

    def __init__(self, estate: Estate, at: pd.Timestamp = AS_OF) -> None:
        self.now = at.timestamp() * 1000 / DAY_MS
        self.declares = set(estate.declares)
        self.rows = defaultdict(list, {e.name: rows for e, rows in estate.rows.items()})
        self.facts = {
            row["id"]: row | {"label": name}
            for name, rows in self.rows.items()
            for row in rows
            if "source_id" not in row
        }
        self.out = defaultdict(list)
        for kind in IDENTITY:
            for row in filter(self._goes_on, self.rows[kind]):
                ends = row["source_id"], row["target_id"]
                if not any(self.ended(end) for end in ends) and not self._is_team(ends[1]):
                    self.out[ends[0]].append((kind, ends[1], row))

    def _goes_on(self, row: dict) -> bool:
        return row.get("valid_to") is None or day(row["valid_to"]) > self.now

    def _is_team(self, thing: str) -> bool:
        return self.facts[thing]["label"] == "Team"

    def ended(self, thing: str) -> bool:
        """Whether it is a credential of which it is said that it ended; its expiry says nothing."""
        facts = self.facts[thing]
        dead = facts.get("status") in ("disabled", "revoked", "expired", "deleted")
        return facts["label"] == "Credential" and dead

    def identities(self) -> list[str]:
        """Return every agent, and the accounts that no agent is behind."""
        runs, uses, opens = (
            list(filter(self._goes_on, self.rows[kind]))
            for kind in ("RUNS_AS", "USES", "AUTHENTICATES_AS")
        )
        taken = {r["target_id"] for r in runs if self._label(r) == "Agent"}
        held = {r["target_id"] for r in uses if not self.ended(r["target_id"])}
        taken |= {r["target_id"] for r in opens if r["source_id"] in held}
        own = [t for t, f in self.facts.items() if f["label"] == "ServiceAccount"]
        agents = [t for t, f in self.facts.items() if f["label"] == "Agent"]
        return agents + [t for t in own if t not in taken]

    def _label(self, row: dict) -> str:
        return self.facts[row["source_id"]]["label"]

    # -- entitlements

    def widest(self, start: str, standing: bool) -> dict[str, int]:
        """Return the highest level that each node the identity can be is entered with."""
        best: dict[str, int] = {}
        for limit in range(len(LEVELS)):
            seen, queue = {start}, deque([start])
            while queue:
                for _, target, row in self.out[queue.popleft()]:
                    passes = LEVELS.index(row.get("ceiling") or "admin") >= limit
                    if passes and target not in seen and not (standing and row.get("eligible")):
                        seen.add(target)
                        queue.append(target)
            best |= dict.fromkeys(seen, limit)
        return best

    def units(self, identity: str) -> Iterator[tuple[dict, str, bool]]:
        """Yield grant, level, and whether it needs no activation."""
        ways, calm = self.widest(identity, False), self.widest(identity, True)
        for row in self.rows["CAN_ACCESS"]:
            holder = row["source_id"]
            if not self._goes_on(row) or self.ended(holder) or holder not in ways:
                continue
            for level in row["levels"]:
                rank = LEVELS.index(level)
                if rank <= ways[holder]:
                    yield row, level, rank <= calm.get(holder, -1) and not row.get("eligible")

    def _exposure(self, identity: str, row: dict, level: str) -> float:
        facts = self.facts[identity]
        aars = 0.0
        if facts["label"] == "Agent":
            usual = 2.5 if facts.get("kind") in (None, "ai_agent") else 0.0
            aars = usual if facts.get("aars") is None else float(facts["aars"])
        return (1 + aars / 10) * self._sensitivity(row) * LEVEL[level]

    def _sensitivity(self, row: dict) -> float:
        return SENSITIVITY[self.facts[row["target_id"]]["sensitivity"] or "internal"]

    # -- items

    def items(self) -> list[Item]:
        """Return every applicable item, kept ones included."""
        return [item for identity in self.identities() for item in self._of(identity)]

    def _debt(self) -> float:
        return sum(owed(item, self.now) for item in self.items())

    def _of(self, identity: str) -> Iterator[Item]:
        units = list(self.units(identity))
        for row, level, standing in units:
            e = self._exposure(identity, row, level)

            def item(k, degree, since, about="", e=e, row=row, level=level, share=1.0):  # type: ignore[no-untyped-def]
                applies = RULES[k][0] * e * share
                return Item(identity, k, row["id"], level, about, applies, degree, since)

            yield from self._by_grant(identity, row, level, standing, item)
            for key in self.keys(identity):
                yield from self._by_key(key, item)
        yield from self._separated(identity, units)

    def _by_grant(
        self, identity: str, row: dict, level: str, standing: bool, item
    ) -> Iterator[Item]:  # type: ignore[no-untyped-def]
        granted = day(row["granted_at"])
        for role in ("business", "technical"):
            degree, since = self.unowned(identity, role)
            yield item("owner", degree, since, role, share=0.5)
        yield item("scope", self._out_of_scope(identity, row, level), granted)
        yield item("necessity", *self._unused(row, level))
        yield item("standing", float(row["expires_at"] is None and standing), granted)
        ends = [day(row["expires_at"]), day(row["task_ended_at"]), self._revoked(identity, row)]
        ends = [d for d in ends if d is not None and d <= self.now]
        yield item("outlived", float(bool(ends)), min(ends, default=None))
        yield item("review", *self._overdue(identity, row))
        if self._sensitivity(row) >= 10:
            blind = not self._seen(row) or "decisions" not in self.declares
            yield item("evidence", None if blind else 0.0, None)
        yield item("env", self._crosses(identity, row), granted)
        if self.facts[identity].get("third_party"):
            vetted = self._approved(identity) is not None
            over = [end for *_, end in self._decisions(identity) if end is not None]
            lacking = 1.0 if over or "reviews" in self.declares else None
            late = None if granted is None else max([granted, *over])
            yield item("third_party", 0.0 if vetted else lacking, late)

    def _seen(self, row: dict) -> bool:
        if row["telemetry"] is None:
            return "usage" in self.declares
        return row["telemetry"] == "true"

    def _unused(self, row: dict, level: str) -> tuple[float | None, float | None]:
        used = day((row["last_used_at"] or {}).get(level))
        last = max((d for d in (used, day(row["granted_at"])) if d is not None), default=None)
        if not self._seen(row):  # a use is a use; that none was seen says nothing
            return (None, None) if used is None or self.now - used > 90 else (0.0, None)
        if last is None:
            return 1.0, None
        return float(self.now - last > 90), last + 90

    def _out_of_scope(self, identity: str, row: dict, level: str) -> float | None:
        said = self.facts[identity].get("declared_scope")
        if said is None:
            return 1.0 if "scope" in self.declares else None
        return float(not any(self._covers(entry, row, level) for entry in json.loads(said)))

    def _covers(self, entry: dict, row: dict, level: str) -> bool:
        name, resource = entry["resource"], row["target_id"]
        same = resource.startswith(name[:-1]) if name.endswith("*") else resource == name
        return same and entry["level"] == level

    # -- reviews

    def _decisions(self, thing: str | None = None, row: dict | None = None) -> list[tuple]:
        """Return when each was made, whether it revokes, what it is, and an approval's end."""
        found = []
        for cover in self.rows["COVERS"]:
            review = self.facts[cover["source_id"]]
            at, grant = day(review["decided_at"]), cover["grant_id"]
            if at is None or at > self.now:
                continue
            decision = review["decision"]
            end = day(review.get("expires_at")) if decision == "approve" else None
            made = (at, decision == "revoke", decision, end)
            if row is None and grant is None and cover["target_id"] == thing:
                found.append(made)
            if (
                row is not None
                and grant == row["grant_id"]
                and cover["target_id"] == row["source_id"]
            ):
                found.append(made)
        return found

    def _holds(self, end: float | None) -> bool:
        return end is None or end > self.now

    def _about(self, identity: str, row: dict) -> list[tuple]:
        on_holder = [] if row["source_id"] == identity else self._decisions(row["source_id"])
        return self._decisions(identity) + on_holder + self._decisions(row=row)

    def _approved(self, identity: str) -> float | None:
        """Return when it was last approved, by what has not ended."""
        made = self._decisions(identity)
        kept = (at for at, _, d, end in made if d == "approve" and self._holds(end))
        return max(kept, default=None)

    def _revoked(self, identity: str, row: dict) -> float | None:
        said = [(at, revoke) for at, revoke, *_ in self._about(identity, row)]
        stated = day(row["reviewed_at"])  # counts as an approving review of the grant
        said += [(stated, False)] if stated is not None and stated <= self.now else []
        granted = day(row["granted_at"])
        said = [(at, revoke) for at, revoke in said if granted is None or at >= granted]
        last = max(said, default=(None, False))
        return last[0] if last[1] else None

    def _overdue(self, identity: str, row: dict) -> tuple[float | None, float | None]:
        approvals = [(at, end) for at, _, d, end in self._about(identity, row) if d == "approve"]
        stated = day(row["reviewed_at"])
        approvals += [(stated, None)] if stated is not None and stated <= self.now else []
        granted = day(row["granted_at"])
        first = [] if granted is None else [granted + 90]
        late = not any(
            until >= self.now
            for until in [*first, *(at + 90 for at, end in approvals if self._holds(end))]
        )
        if late and not approvals and "reviews" not in self.declares:
            return None, None
        over = [at + 90 if end is None else min(at + 90, end) for at, end in approvals]
        return float(late), max([*first, *over], default=None)

    # -- environment, owners

    def _crosses(self, identity: str, row: dict) -> float | None:
        mine = self.facts[row["source_id"]].get("env") or self.facts[identity].get("env")
        theirs = self.facts[row["target_id"]].get("env")
        if mine == "prod" or theirs == "dev":
            return 0.0
        return 1.0 if mine == "dev" and theirs == "prod" else None

    def _here(self, person: str) -> bool:
        facts = self.facts[person]
        if facts.get("left_at") is not None:
            return day(facts["left_at"]) > self.now
        return facts.get("status") in (None, "active")

    def _people(self, owner: str) -> list[str]:
        if self.facts[owner]["label"] == "Human":
            return [owner]
        members = filter(self._goes_on, self.rows["MEMBER_OF"])
        return [r["source_id"] for r in members if r["target_id"] == owner]

    def _members_unknown(self, owner: str) -> bool:
        """Whether it is a team where no source could have said who is in it."""
        label = self.facts[owner]["label"]
        stated = any(self.facts[r["target_id"]]["label"] == label for r in self.rows["MEMBER_OF"])
        return label in ("Team", "Group") and not stated and not self.declares >= LISTING

    def unowned(self, thing: str, role: str) -> tuple[float | None, float | None]:
        """Return 0.5 where nobody answers for it, 0.0 where somebody does, None where unknown."""
        left, ways = [], [(thing, False)]
        if any(r["target_id"] == thing for r in self.rows["SPAWNS"]):
            ways += [(r["source_id"], True) for r in self.rows["SPAWNS"] if r["target_id"] == thing]
        for whose, inherited in ways:
            for row in self.rows["OWNS"]:
                if row["target_id"] != whose or not self._counts(row, role):
                    continue
                people = self._people(row["source_id"])
                here = any(map(self._here, people)) or self._members_unknown(row["source_id"])
                if self._goes_on(row) and here:
                    return 0.0, None
                left.append((self.went(row, people), inherited))
        if "owners" not in self.declares:
            stated = [r for r in self.rows["OWNS"] if r["target_id"] == thing]
            if not any(self._named(r) == role and r["evidence"] != "inferred" for r in stated):
                return None, None
        created = day(self.facts[thing].get("created_at"))
        if not left:
            return 1.0, created
        if any(at is None for at, _ in left):
            return 1.0, None
        own = [at for at, inherited in left if not inherited]
        handed = [max(at, -1e9 if created is None else created) for at, i in left if i]
        later = [h for h, (at, i) in zip(handed, [x for x in left if x[1]], strict=True)
                 if not own or at > max(own)]  # fmt: skip
        return 1.0, max(own + later)

    def _counts(self, row: dict, role: str) -> bool:
        software = self.facts[row["source_id"]]["label"] == "ServiceAccount"
        return self._named(row) == role and row["evidence"] != "inferred" and not software

    def _named(self, row: dict) -> str:
        return "technical" if row["role"] == "technical" else "business"

    def went(self, row: dict, people: list[str]) -> float | None:
        """Return when an owner stopped answering; None where nobody says."""
        gone = [day(self.facts[p].get("left_at")) for p in people if not self._here(p)]
        departed = max((g for g in gone if g is not None), default=None)
        if self._goes_on(row):
            return departed
        over = day(row["valid_to"])
        one = self.facts[row["source_id"]]["label"] == "Human"
        return min(over, departed) if one and departed is not None else over

    # -- credentials

    def keys(self, identity: str) -> set[str]:
        """Return what it uses, and what is taken for it."""
        mine = {target for kind, target, _ in self.out[identity] if kind == "USES"}
        taken = [
            key
            for key, ways in self.out.items()
            for kind, target, _ in ways
            if kind == "AUTHENTICATES_AS" and target == identity
        ]
        return mine | set(taken) | self._left_lying(identity)

    def _left_lying(self, identity: str) -> set[str]:
        """Return the keys of accounts that an agent runs as, where nobody is known to use them."""
        if self.facts[identity]["label"] != "Agent":
            return set()
        runs = {r["target_id"] for r in self.rows["RUNS_AS"]
                if r["source_id"] == identity and self._goes_on(r)}  # fmt: skip
        opens = [r for r in self.rows["AUTHENTICATES_AS"]
                 if self._goes_on(r) and not self.ended(r["source_id"])]  # fmt: skip
        accountable = set(self.identities())
        used = {r["target_id"] for r in self.rows["USES"] if self._goes_on(r)}
        used |= {r["source_id"] for r in opens if r["target_id"] in accountable}
        return {r["source_id"] for r in opens if r["target_id"] in runs} - used

    def _several(self, key: str) -> bool:
        """Whether several agents use it, or it opens accounts of several environments."""
        users = {r["source_id"] for r in self.rows["USES"]
                 if r["target_id"] == key and self._goes_on(r)}  # fmt: skip
        opened = {self.facts[r["target_id"]].get("env") for r in self.rows["AUTHENTICATES_AS"]
                  if r["source_id"] == key and self._goes_on(r)}  # fmt: skip
        return len(users) > 1 or len(opened - {None}) > 1

    def _by_key(self, key: str, item) -> Iterator[Item]:  # type: ignore[no-untyped-def]
        facts = self.facts[key]
        made, secret = day(facts["created_at"]), facts["type"] != "federated"
        stored = {None: None, "unknown": None, "vault": 0.0}.get(facts["storage"], 1.0)
        strength = {"weak": 1.0, "strong": 0.0}.get(facts["strength"])
        shared = self._several(key)
        human = day(facts["human_used_at"])
        yield item("cred_storage", stored if secret else 0.0, made, key)
        yield item("cred_age", *(self._old(facts) if secret else (0.0, None)), key)
        yield item("cred_auth", strength if secret else 0.0, made, key)
        yield item("cred_shared", float(shared), made, key)
        yield item("cred_human", float(human is not None and human <= self.now), human, key)

    def _old(self, facts: dict) -> tuple[float | None, float | None]:
        known = [day(facts["created_at"]), day(facts["rotated_at"])]
        known = [d for d in known if d is not None]
        if not known:
            return None, None
        last, ends = max(known), day(facts["expires_at"])
        long = ends is None or ends - last > 90
        return float(long and self.now - last > 90), last + 90

    # -- separation of duties

    def _separated(self, identity: str, units: list[tuple]) -> Iterator[Item]:
        for rule in self.rows["SodRule"]:
            levels = rule["left_level"], rule["right_level"]
            if rule["left_resource"] == rule["right_resource"] and (
                None in levels or levels[0] == levels[1]
            ):
                continue  # one entitlement would be both sides: it separates nothing
            sides = [
                {
                    (row["id"], level)
                    for row, level, _ in units
                    if row["target_id"] == rule[f"{side}_resource"]
                    and rule[f"{side}_level"] in (None, level)
                }
                for side in ("left", "right")
            ]
            pairs = {frozenset((x, y)) for x in sides[0] for y in sides[1] if x != y}
            for pair in pairs:
                yield from self._pair(identity, rule["rule"], sorted(pair))

    def _pair(self, identity: str, rule: str, ends: list[tuple[str, str]]) -> Iterator[Item]:
        rows = {row["id"]: row for row in self.rows["CAN_ACCESS"]}
        e = min(self._exposure(identity, rows[grant], level) for grant, level in ends)
        granted = [day(rows[grant]["granted_at"]) for grant, _ in ends]
        since = None if None in granted else max(granted)
        for (grant, level), (other, their) in (ends, ends[::-1]):
            about = f"{rule} with {their} by {other}"
            applies = RULES["sod"][0] * e / 2
            yield Item(identity, "sod", grant, level, about, applies, 1.0, since)
