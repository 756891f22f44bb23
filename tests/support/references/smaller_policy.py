"""The smallest policy by observed use, worked out again in plain Python from an estate's rows."""

import re
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from graph.schema import (
    ASSUMES,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CREDENTIAL,
    LEVELS,
    MEMBER_OF,
    RUNS_AS,
    USE_EVENT,
    USES,
)
from tests.support.estates.small_estates import AS_OF, Estate, ago

STEPS = (USES, AUTHENTICATES_AS, RUNS_AS, MEMBER_OF, ASSUMES)
AGENTS, ACCOUNTS = ("a0", "a1"), ("s0", "s1")
BUCKETS = ("arn:aws:s3:::b0", "arn:aws:s3:::b1")
RESOURCES = (*BUCKETS, "db:0")
ACTIONS = {  # an action for each level, as AWS's own table has them
    "s3:ListBucket": "list",
    "s3:GetObject": "read",
    "s3:PutObject": "write",
    "s3:PutBucketPolicy": "admin",
}
WINDOW, QUARTER = 90, 23  # days; the split is the midnight before 22.5 days ago
EDGES = (
    ("a0", RUNS_AS, "s0"),
    ("a1", RUNS_AS, "s0"),
    ("a1", RUNS_AS, "s1"),
    ("a0", USES, "k0"),
    ("k0", AUTHENTICATES_AS, "s1"),
    ("s0", MEMBER_OF, "g0"),
    ("s1", MEMBER_OF, "g0"),
    ("s0", ASSUMES, "r0"),
    ("s1", ASSUMES, "r0"),
)
DAYS = st.sampled_from([0.5, 3.5, 22.5, 23.5, 40.5, 60.5, 89.5, 90.5, 120.5])


@st.composite
def worlds(draw: st.DrawFn) -> Estate:
    """Draw an estate with shared accounts, a key, a group, a role, grants and single uses."""
    e = Estate().agent(*AGENTS).account(*ACCOUNTS).thing("Group", "g0").thing("Role", "r0")
    key_ends = draw(st.sampled_from([None, None, ago(1), ago(-9)]))
    e.thing("Credential", "k0", status="active", expires_at=key_ends)
    for name in RESOURCES:
        e.resource(name)
    for number, (source, kind, target) in enumerate(EDGES):
        if draw(st.booleans()):
            ceiling = draw(st.sampled_from([None, None, "read", "write"]))
            e.link(source, kind.name, target, id=f"e{number}", ceiling=ceiling)
    for number in range(draw(st.integers(1, 5))):
        levels = draw(st.lists(st.sampled_from(LEVELS), min_size=1, unique=True))
        named = draw(st.sampled_from([None, ["s3:*"], "own"]))
        own = [a for a, level in ACTIONS.items() if level in levels]
        used = draw(st.none() | st.dictionaries(st.sampled_from(levels), DAYS, max_size=2))
        e.can(
            draw(st.sampled_from(["a0", "s0", "s1", "g0", "r0"])),
            " ".join(levels),
            draw(st.sampled_from(RESOURCES)),
            id=f"g{number}",
            actions=own if named == "own" else named,
            telemetry=draw(st.sampled_from([None, "true", "true", "false"])),
            granted_at=draw(st.sampled_from([None, ago(300), ago(60)])),
            expires_at=draw(st.sampled_from([None, None, None, ago(1), ago(-9)])),
            last_used_at={level: ago(at) for level, at in used.items()} if used else None,
        )
    for number in range(draw(st.integers(0, 8))):
        action = draw(st.sampled_from([None, *ACTIONS]))
        level = ACTIONS[action] if action else draw(st.sampled_from([None, *LEVELS]))
        e.add(
            USE_EVENT,
            id=f"u{number}",
            at=ago(draw(DAYS)),
            principal=draw(st.sampled_from(["a0", "a1", "s0", "s1", "r0"])),
            credential=draw(st.sampled_from([None, None, "k0"])),
            resource=draw(st.sampled_from(RESOURCES)),
            level=level,
            action=action,
        )
    return e


@dataclass
class Judged:
    """What a period says: states by grant and level, and the actions in use by grant."""

    states: dict[tuple[str, str], str]
    used_actions: dict[str, set[str] | None]


@dataclass
class Plain:
    """The policy of one identity: its grants by id, the levels that it has of them, its uses."""

    estate: Estate
    identity: str
    grants: dict[str, dict[str, Any]] = field(default_factory=dict)
    levels: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        widest = self.widest(self.identity)
        for row in self.estate.rows.get(CAN_ACCESS, ()):
            own = {x for x in row["levels"] if LEVELS.index(x) <= widest.get(row["source_id"], -1)}
            if own:
                self.grants[row["id"]], self.levels[row["id"]] = row, own

    # -- the identity and its uses

    def steps(self) -> list[tuple[str, str, int]]:
        """Return the steps that stay with an identity: source, target, ceiling."""
        return [
            (r["source_id"], r["target_id"], LEVELS.index(r["ceiling"] or "admin"))
            for kind in STEPS
            for r in self.estate.rows.get(kind, ())
        ]

    def widest(self, start: str) -> dict[str, int]:
        """Return the nodes that one can be, each with the widest ceiling of a way to it."""
        keys = self.estate.rows.get(CREDENTIAL, ())
        over = {k["id"] for k in keys if pd.Timestamp(k.get("expires_at") or ago(-1)) <= AS_OF}
        reached = {start: 3}
        for _ in range(20):
            for source, target, ceiling in self.steps():
                if source in reached and target not in over:
                    level = min(reached[source], ceiling)
                    reached[target] = max(reached.get(target, -1), level)
        return reached

    def accountable(self) -> set[str]:
        """Return who answers for acts: agents, and accounts that no agent logs in to."""
        used = {t for s, t, _ in self.steps() for a in AGENTS if t in self.login(a)}
        return {*AGENTS, *(account for account in ACCOUNTS if account not in used)}

    def login(self, agent: str) -> set[str]:
        """Return the accounts that an agent runs as or holds a key of."""
        runs = {
            r["target_id"] for r in self.estate.rows.get(RUNS_AS, ()) if r["source_id"] == agent
        }
        keys = {r["target_id"] for r in self.estate.rows.get(USES, ()) if r["source_id"] == agent}
        opened = self.estate.rows.get(AUTHENTICATES_AS, ())
        return runs | {r["target_id"] for r in opened if r["source_id"] in keys}

    def acted(self, event: dict[str, Any]) -> str:
        """Return who acted: the one that the log names, else the only one behind it."""
        principal, key = event["principal"], event["credential"]
        answerable = self.accountable()
        if principal in answerable:
            return str(principal)
        for node in (key, principal):
            behind = {a for a in answerable if node in self.widest(a)}
            if node and len(behind) == 1:
                return behind.pop()
        return str(principal)

    def uses(self) -> list[dict[str, Any]]:
        """Return the uses that the identity made, or may have made."""
        below = set(self.widest(self.identity))
        near = below | {n for n in self.nodes() if self.identity in self.widest(n)}
        rows = []
        for event in self.estate.rows.get(USE_EVENT, ()):
            principal, key, acted = event["principal"], event["credential"], self.acted(event)
            certain = self.identity in (principal, acted)
            other = acted in self.accountable() and acted not in near
            if certain or ((principal in near or key in near) and not other):
                upstream = not certain and not {principal, key} & below
                rows.append(event | {"certain": certain, "upstream": upstream})
        return rows

    def nodes(self) -> set[str]:
        """Return everything that can act."""
        return {n for s, t, _ in self.steps() for n in (s, t)} | {*AGENTS, *ACCOUNTS}

    def uses_in_window(self) -> list[dict[str, Any]]:
        """Return those of the uses that the window has."""
        return [e for e in self.uses() if 0 <= self.days(e["at"]) <= WINDOW]

    # -- judging

    def days(self, stamp: str) -> float:
        """Return how many days ago an instant was."""
        return (AS_OF - pd.Timestamp(stamp)) / pd.Timedelta(days=1)

    def gives(self, grant: str, level: str, event: dict[str, Any]) -> bool:
        """Return whether a level of a grant gives a use; one of unknown level any may give."""
        same = event["level"] in (level, None)
        return same and event["resource"] == self.grants[grant]["target_id"]

    def names(self, grant: str, action: str | None) -> bool:
        """Return whether a grant names an action, or none at all."""
        named = self.grants[grant]["actions"]
        return not named or (action is not None and any(_matches(n, action) for n in named))

    def granted(self, action: str, resource: str) -> bool:
        """Return whether some grant gives an action on a resource."""
        return any(
            row["target_id"] == resource
            and ACTIONS[action] in self.levels[grant]
            and self.names(grant, action)
            for grant, row in self.grants.items()
        )

    def judged(self, until: float) -> Judged:
        """Judge every level by the window up to so many days ago (0: now)."""
        states = {}
        for grant, levels in self.levels.items():
            for level in levels:
                states[grant, level] = self.state(grant, level, until)
        for (grant, level), state in list(states.items()):
            target = self.grants[grant]["target_id"]
            beside = any(
                s == "used" and x != "list" and self.grants[g]["target_id"] == target
                for (g, x), s in states.items()
            )
            if (level, state) == ("list", "unused") and beside and target in BUCKETS:
                states[grant, level] = "companion"
        return Judged(states, {g: self.used_actions(g, states, until) for g in self.grants})

    def state(self, grant: str, level: str, until: float) -> str:
        """Return the state of a level by the window up to so many days ago."""
        row = self.grants[grant]
        if row["expires_at"] and self.days(row["expires_at"]) >= 0:
            return "ended"
        reported = (row["last_used_at"] or {}).get(level)
        at = [self.days(e["at"]) for e in self.uses() if self.gives(grant, level, e)]
        within = [d for d in at if until <= d <= WINDOW]
        if within or (reported and until <= self.days(reported) <= WINDOW):
            return "used"
        if row["telemetry"] == "false":
            return "not_observable"
        logged = [
            self.days(e["at"])
            for e in self.uses()
            if self.gives(grant, level, e) and e["level"] and e["at"] != reported
        ]
        if reported and self.days(reported) < until and not any(d < until for d in logged):
            return "unknown"
        if row["granted_at"] and self.days(row["granted_at"]) < WINDOW:
            return "watched_too_short"
        return "unused"

    def used_actions(
        self, grant: str, states: dict[tuple[str, str], str], until: float
    ) -> set[str] | None:
        """Return the actions of a grant in use, where every use tells one that it gives."""
        named = self.grants[grant]["actions"] or []
        events = []
        for level in self.levels[grant]:
            state = states[grant, level]
            of_level = [
                e
                for e in self.uses()
                if self.gives(grant, level, e) and until <= self.days(e["at"]) <= WINDOW
            ]
            if state in ("not_observable", "unknown", "watched_too_short"):
                return None
            if state == "used" and not of_level:
                return None
            events += of_level
        actions = {e["action"] for e in events}
        given = all(a and any(_matches(n, a) for n in named) for a in actions)
        return actions if actions and given else None

    def held_out(self, by_action: bool) -> tuple[int, int, int]:
        """Count later uses that a policy from before them allows, refuses, and cannot judge."""
        before = self.judged(QUARTER)
        allowed = refused = unplaced = 0
        for event in self.uses():
            if self.days(event["at"]) >= QUARTER:
                continue
            matching = [
                (grant, level)
                for grant, levels in self.levels.items()
                for level in levels
                if self.gives(grant, level, event)
            ]
            if not matching and event["upstream"]:
                continue
            verdicts = []
            for grant, level in matching:
                kept = before.states[grant, level] not in ("unused", "ended")
                actions = before.used_actions[grant] if by_action else None
                named = actions is None or event["action"] in actions
                silent = kept and not named and event["action"] is None
                verdicts.append("yes" if kept and named else "maybe" if silent else "no")
            every = bool(verdicts) and all(v == "yes" for v in verdicts)
            if every or (event["level"] and "yes" in verdicts):
                allowed += 1
            elif "yes" in verdicts or "maybe" in verdicts:
                unplaced += 1
            else:
                refused += 1
        return allowed, refused, unplaced


def _matches(pattern: str, action: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), action) is not None
