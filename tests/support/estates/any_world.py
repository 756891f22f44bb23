"""Random worlds that state every kind of fact in every way that the model allows."""

import random
from collections.abc import Callable

from graph.schema import DECISION_RECORD, LEVELS, SOD_RULE, USE_EVENT
from tests.support.estates.small_estates import Estate, ago

AGENTS = ("a0", "a1", "a2", "a3")
PAST = (0, 1, 5, 20, 44, 46, 89, 91, 150)
OLD = (200, 201, 500)  # before anything was used
SOMETIME = (-300, -40, -1, 1, 30, 91, 200)
SENSITIVITY = (None, "public", "internal", "confidential", "restricted")


class World:
    """A world being drawn: its estate, and what is random about it."""

    def __init__(self, seed: int, ended: bool) -> None:
        self.random, self.estate, self.count = random.Random(seed), Estate(), 0
        self.ended = ended  # whether identities may have ended

    def maybe(self, chance: float) -> bool:
        """Say yes with that chance."""
        return self.random.random() < chance

    def past(self, chance: float = 1.0) -> str | None:
        """Draw an instant of the past, or none."""
        return ago(self.random.choice(PAST)) if self.maybe(chance) else None

    def old(self, chance: float = 1.0) -> str | None:
        """Draw an instant before all uses, or none."""
        return ago(self.random.choice(OLD)) if self.maybe(chance) else None

    def sometime(self, chance: float = 1.0) -> str | None:
        """Draw an instant of the past or the future, or none."""
        return ago(self.random.choice(SOMETIME)) if self.maybe(chance) else None

    def flag(self, chance: float) -> str | None:
        """Draw a flag that is set, or one that nobody states."""
        return "true" if self.maybe(chance) else None

    def id(self, kind: str) -> str:
        """Return the next id of a fact."""
        self.count += 1
        return f"{kind}{self.count:03}"

    def link(self, source: str, kind: str, target: str, **facts: object) -> None:
        """State a relationship."""
        self.estate.link(source, kind, target, id=self.id("e"), **facts)


def estate(seed: int, ended: bool = True) -> Estate:
    """Draw a world; equal seeds, equal worlds. Without `ended` every identity is in service."""
    w = World(seed, ended)
    people(w), resources(w)
    for number, name in enumerate(AGENTS):
        agent(w, number, name)
        owners(w, name)
    lone_account(w), shared_account(w), roles_and_groups(w), tools(w), delegation(w)
    for holder in ("a0", "a2", "s0", "s1", "s2", "s3", "s8", "s9", "r0", "r1", "g0"):
        grants(w, holder)
    for name in AGENTS:
        w.random.choice(USES)(w, name)
    decisions(w), reviews(w), separation(w)
    return w.estate


def people(w: World) -> None:
    w.estate.person("ann", "bob", manager_id="eve").person("eve")
    w.estate.person("cy", left=ago(w.random.choice(PAST)))
    w.estate.person("dan", status="disabled")
    w.estate.thing("Team", "ops")
    if w.maybe(0.6):
        w.link("bob", "MEMBER_OF", "ops")


def resources(w: World) -> None:
    for number, sensitivity in enumerate(SENSITIVITY):
        env = w.random.choice([None, "prod", "prod", "dev"])
        w.estate.resource(f"x{number}", sensitivity, env=env, type="bucket")
    w.estate.resource("acct", "restricted", type="account", control_plane="true")
    w.estate.resource("lambda", type="service").resource("anybody", type="anyone")
    w.estate.resource("safe", "confidential", type="secret_store", env="prod")


def agent(w: World, number: int, name: str) -> None:
    r = w.random
    w.estate.agent(
        name,
        kind=r.choice(["ai_agent", "ai_agent", "workload", "bot", "blueprint"]),
        status=status(w, ["active"] * 6, ["disabled", "retired", "deleted"]),
        env=r.choice([None, "prod", "dev"]),
        purpose=r.choice([None, "closing"]),
        aars=r.choice([None, 0.0, 5.0]),
        created_at=w.old(0.8),
        expires_at=w.sometime(0.3),
        third_party=w.flag(0.25),
        tags=r.choice([None, None, ["break-glass"], ["seasonal"]]),
        declared_scope=scope(w),
        blueprint_id="a3" if name != "a3" and w.maybe(0.2) else None,
    )
    account, key = f"s{number}", f"k{number}"
    w.estate.account(
        account,
        status=status(w, ["active"] * 3, ["disabled"]),
        env=r.choice([None, "prod", "dev"]),
        created_at=w.old(0.7),
        third_party=w.flag(0.1),
    )
    if w.maybe(0.7):
        a_key(w, key)
        w.link(name, "USES", key)
        w.link(key, "AUTHENTICATES_AS", account)
    else:
        w.link(name, "RUNS_AS", account)


def status(w: World, serving: list[str], over: list[str]) -> str | None:
    return w.random.choice([None, *serving, *(over if w.ended else [])])


def a_key(w: World, name: str) -> None:
    r = w.random
    w.estate.thing(
        "Credential",
        name,
        type=r.choice(["access_key", "client_secret", "federated", None]),
        status=r.choice(["active"] * 5 + ["leaked", "disabled", "revoked", "expired", None]),
        created_at=w.old(0.8),
        rotated_at=w.past(0.3),
        expires_at=w.sometime(0.5),
        storage=r.choice([None, "vault", "code", "unknown"]),
        strength=r.choice([None, "strong", "weak"]),
        sender_constrained=w.flag(0.2),
        human_used_at=w.past(0.1),
    )
    if w.maybe(0.15):
        w.link(name, "STORED_IN", "safe")


def scope(w: World) -> list[dict[str, str]] | None:
    if w.maybe(0.4):
        return None
    names = w.random.sample([f"x{n}" for n in range(5)], w.random.randint(0, 3))
    return [{"resource": name, "level": w.random.choice(LEVELS)} for name in names]


def owners(w: World, thing: str) -> None:
    for role in ("business", "technical", "sponsor"):
        if w.maybe(0.55):
            owner = w.random.choice(["ann", "bob", "cy", "dan", "ops", "s8", thing])
            w.link(
                owner,
                "OWNS",
                thing,
                role=role,
                since=w.past(0.6),
                acknowledged_at=w.past(0.4),
                evidence=w.random.choice([None, None, "inferred", "declared_later"]),
            )


def lone_account(w: World) -> None:
    w.estate.account("s8", created_at=w.old(), env="prod", declared_scope=scope(w))
    a_key(w, "k8")
    w.link("k8", "AUTHENTICATES_AS", "s8")
    owners(w, "s8")


def shared_account(w: World) -> None:
    w.estate.account("s9", created_at=w.old())
    a_key(w, "k9")
    w.link("k9", "AUTHENTICATES_AS", "s9")
    for name in w.random.sample(AGENTS, w.random.randint(0, 3)):
        w.link(name, "USES", "k9")


def roles_and_groups(w: World) -> None:
    w.estate.thing("Role", "r0", "r1", "r2", created_at=w.old(0.5)).thing("Group", "g0")
    w.link("r0", "TRUSTS", "lambda")
    if w.maybe(0.3):
        w.link("r2", "TRUSTS", "anybody")
    w.link("s0", "ASSUMES", "r1", last_used_at=w.past(0.4), eligible=w.flag(0.2))
    w.link("s1", "MEMBER_OF", "g0", last_used_at=w.past(0.2))
    if w.maybe(0.4):
        w.link("s2", "ASSUMES", "r2", condition="mfa" if w.maybe(0.4) else None)
    if w.maybe(0.3):
        w.estate.can("s1", "", "r1", actions=["iam:PassRole"], id=w.id("g"))


def tools(w: World) -> None:
    w.estate.thing("Tool", "web", capabilities=["untrusted_input", "external_comm"], kind="api")
    w.estate.thing("Tool", "mail", kind="mcp_tool", third_party=w.flag(0.3))
    for name in w.random.sample(AGENTS, 2):
        w.link(name, "CALLS", w.random.choice(["web", "mail"]), last_used_at=w.past(0.3))


def delegation(w: World) -> None:
    if w.maybe(0.4):
        w.link("a0", "SPAWNS", "a1", ceiling=w.random.choice([None, "read"]))
    if w.maybe(0.3):
        w.link("a2", "ACTS_FOR", "ann", ceiling=w.random.choice([None, "write"]))


def grants(w: World, holder: str) -> None:
    r = w.random
    for _ in range(r.randint(0, 2)):
        levels = r.sample(LEVELS, r.randint(1, 2))
        used = {one: ago(r.choice(PAST)) for one in levels if w.maybe(0.3)}
        w.estate.can(
            holder,
            " ".join(levels),
            r.choice([*(f"x{n}" for n in range(5)), "acct", "safe"]),
            id=w.id("g"),
            grant_id=w.id("G"),
            granted_at=w.old(0.8) if used else w.past(0.8),
            expires_at=w.sometime(0.4),
            task_ended_at=w.past(0.1),
            reviewed_at=w.past(0.4),
            telemetry=r.choice([None, "true", "false"]),
            eligible=w.flag(0.15),
            condition="ip" if w.maybe(0.1) else None,
            last_used_at=used or None,
            tags=r.choice([None, None, None, ["Break Glass"]]),
        )


# -- each way to state one use ---------------------------------------------------------------------


def _set(w: World, kind: str, thing: str, **facts: object) -> None:
    for element, rows in w.estate.rows.items():
        for row in rows:
            if element.name == kind and row.get("id") == thing:
                row.update(facts)


def _by_agent(w: World, name: str) -> None:
    _set(w, "Agent", name, last_active_at=w.past())


def _by_account(w: World, name: str) -> None:
    _set(w, "ServiceAccount", f"s{name[1]}", last_used_at=w.past())


def _by_key(w: World, name: str) -> None:
    _set(w, "Credential", f"k{name[1]}", last_used_at=w.past())


def _by_login(w: World, name: str) -> None:
    for element, rows in w.estate.rows.items():
        for row in rows:
            if element.name in ("USES", "RUNS_AS") and row["source_id"] == name:
                row["last_used_at"] = w.past()


def _by_event(w: World, name: str) -> None:
    for _ in range(w.random.randint(1, 3)):
        event(w, w.random.choice([name, f"s{name[1]}"]), w.past())


def event(w: World, who: str, at: str | None, **facts: object) -> None:
    r = w.random
    level = r.choice(LEVELS)
    w.estate.add(
        USE_EVENT,
        id=w.id("u"),
        at=at,
        principal=who,
        resource=r.choice([f"x{n}" for n in range(5)]),
        level=level,
        action=level,
        outcome=r.choice(["success", "success", "success", "denied", None]),
        **facts,
    )


def _by_event_of_key(w: World, name: str) -> None:
    key = f"k{name[1]}"
    there = any(e.name == "Credential" and any(r["id"] == key for r in rows)
                for e, rows in w.estate.rows.items())  # fmt: skip
    event(w, f"s{name[1]}", w.past(), credential=key if there else None)


def _by_sum(w: World, name: str) -> None:
    last = w.random.choice(PAST)
    w.link(
        w.random.choice([name, f"s{name[1]}"]),
        "USED",
        w.random.choice([f"x{n}" for n in range(5)]),
        level=w.random.choice(LEVELS),
        count=3,
        first_at=ago(last + 10),  # still after it was made
        last_at=ago(last),
    )


def _not_at_all(w: World, name: str) -> None:
    """Leave it unseen, made lately or long ago."""
    _set(w, "Agent", name, created_at=w.past())


USES: tuple[Callable[[World, str], None], ...] = (
    _by_agent,
    _by_account,
    _by_key,
    _by_login,
    _by_event,
    _by_event_of_key,
    _by_sum,
    _not_at_all,
)

# -- what was decided ------------------------------------------------------------------------------


def decisions(w: World) -> None:
    for _ in range(w.random.randint(0, 3)):
        level = w.random.choice(LEVELS)
        w.estate.add(
            DECISION_RECORD,
            id=w.id("d"),
            at=w.past(),
            subject=w.random.choice([*AGENTS, "s1"]),
            action=level,
            resource=f"x{w.random.randint(2, 4)}",
            decision=w.random.choice(["allow", "allow", "deny"]),
            policy_id="p",
            policy_version="1",
        )


def reviews(w: World) -> None:
    for _ in range(w.random.randint(0, 3)):
        one = w.id("v")
        w.estate.thing(
            "Review",
            one,
            kind="access_review",
            decision=w.random.choice(["approve", "approve", "revoke", "modify"]),
            decided_at=w.past(),
            decided_by="ann",
            expires_at=w.sometime(0.3),
        )
        w.link(one, "COVERS", w.random.choice([*AGENTS, "s1", "s8"]))


def separation(w: World) -> None:
    if w.maybe(0.5):
        left, right = w.random.sample(range(5), 2)
        w.estate.add(
            SOD_RULE,
            id=w.id("q"),
            rule="four eyes",
            left_resource=f"x{left}",
            left_level="read",
            right_resource=f"x{right}",
            right_level="read",
        )
