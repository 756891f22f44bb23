"""Random histories of small estates: two scopes that change from month to month."""

import random
from typing import Any

import pandas as pd

from tests.support.estates.small_estates import AS_OF, EVERYTHING, Estate, ago

LEVELS = ("list", "read", "write", "admin")
CLASSES = ("public", "internal", "confidential", "restricted")
BOTS = tuple(f"bot{i}" for i in range(4))
SEEN = ("owners", "scope", "usage", "reviews", "credentials")


def random_states(seed: int, count: int = 4) -> list[list[Estate]]:
    """Draw an estate of which something changes every month: itself, or what is seen of it."""
    world = _World(random.Random(seed))
    states = []
    for month in range(count):
        states.append(world.estates(AS_OF + pd.Timedelta(days=30 * month)))
        world.change()
    return states


class _World:
    """What is so, and what the scopes `east` and `west` would see of it."""

    def __init__(self, rng: random.Random) -> None:
        self.rng, self.month, self.drawn = rng, 0, 0
        self.resources = {f"r{i}": rng.choice(CLASSES) for i in range(4)}
        self.grants = [self.grant() for _ in range(7)]
        roles = [(bot, role) for bot in BOTS for role in ("business", "technical")]
        self.owners = {each: rng.choice(["ann", "bob", None]) for each in roles}
        self.left: dict[str, str] = {}
        self.keys = {f"k{i}": self.key() for i in range(3)}
        self.declares = {"east": set(EVERYTHING), "west": set(EVERYTHING)}

    def grant(self) -> dict[str, Any]:
        rng, self.drawn = self.rng, self.drawn + 1
        level = rng.choice(LEVELS)
        ends = (rng.choice(BOTS), level, rng.choice(sorted(self.resources)))
        facts = {
            "grant_id": f"g{self.drawn}",
            "granted_at": ago(rng.randint(1, 400)),
            "expires_at": rng.choice([None, ago(rng.randint(-300, 50))]),
            "reviewed_at": rng.choice([None, ago(rng.randint(-60, 200))]),
            "last_used_at": rng.choice([None, {level: ago(rng.randint(-60, 200))}]),
            "telemetry": rng.choice(["true", "false"]),
        }
        return {"ends": ends, "scope": rng.choice(["east", "west"]), "facts": facts}

    def key(self) -> dict[str, Any]:
        rng = self.rng
        facts = {
            "storage": rng.choice(["vault", "code", "unknown", None]),
            "strength": rng.choice(["weak", "strong", None]),
            "created_at": ago(rng.randint(10, 300)),
            "rotated_at": rng.choice([None, ago(rng.randint(-60, 9))]),
        }
        return {"users": rng.sample(BOTS, rng.randint(1, 2)), "facts": facts}

    def change(self) -> None:
        """Let a few things happen within the month."""
        self.month += 1
        events = (
            self.granted,
            self.reviewed,
            self.assigned,
            self.departed,
            self.rekeyed,
            self.blinded,
        )
        for _ in range(self.rng.randint(1, 4)):
            self.rng.choice(events)()
        if self.rng.random() < 0.25:
            self.declares.pop("west", None)

    def granted(self) -> None:
        if self.grants and self.rng.random() < 0.5:
            self.grants.pop(self.rng.randrange(len(self.grants)))
        else:
            self.grants.append(self.grant())

    def reviewed(self) -> None:
        if self.grants:
            self.rng.choice(self.grants)["facts"]["reviewed_at"] = ago(-30 * self.month + 1)

    def assigned(self) -> None:
        self.owners[self.rng.choice(sorted(self.owners))] = self.rng.choice(["ann", "bob", "cid"])

    def departed(self) -> None:
        self.left[self.rng.choice(["ann", "bob"])] = ago(-30 * self.month + 5)

    def rekeyed(self) -> None:
        self.keys[self.rng.choice(sorted(self.keys))] = self.key()

    def blinded(self) -> None:
        """Let a scope begin or cease to declare a kind of fact."""
        scope, kind = self.rng.choice(sorted(self.declares)), self.rng.choice(SEEN)
        self.declares[scope].symmetric_difference_update({kind})

    # -- what is seen -----------------------------------------------------------------------

    def estates(self, at: pd.Timestamp) -> list[Estate]:
        said = {name: Estate(at, sorted(k), scope=name) for name, k in self.declares.items()}
        self.people_and_keys(said["east"])
        for each in self.grants:
            (bot, level, resource), estate = each["ends"], said.get(each["scope"])
            if estate is not None:
                _once(estate, "Agent", bot)
                _once(estate, "Resource", resource)
                estate.can(bot, level, resource, **_past(each["facts"], at))
        return list(said.values())

    def people_and_keys(self, east: Estate) -> None:
        east.agent(*BOTS, created_at=ago(420), env="prod", declared_scope=[])
        for name, sensitivity in self.resources.items():
            east.resource(name, sensitivity, env="prod")
        for person in ("ann", "bob", "cid"):
            east.person(person, left=self.left.get(person))
        if "owners" in self.declares["east"]:
            for (bot, role), owner in self.owners.items():
                east.owned(bot, **({role: owner} if owner else {}))
        if "credentials" in self.declares["east"]:
            for name, key in self.keys.items():
                east.thing("Credential", name, **_past(key["facts"], east.at))
                for user in key["users"]:
                    east.link(user, "USES", name)


def _past(facts: dict[str, Any], at: pd.Timestamp) -> dict[str, Any]:
    """Leave out what has not happened by then."""

    def happened(name: str, value: Any) -> bool:
        stamps = value.values() if isinstance(value, dict) else [value]
        dated = name in ("reviewed_at", "rotated_at", "last_used_at") and value is not None
        return not dated or all(pd.Timestamp(s) <= at for s in stamps)

    return {name: value for name, value in facts.items() if happened(name, value)}


def _once(estate: Estate, label: str, thing: str) -> None:
    """State a thing that the scope has not stated yet."""
    if thing not in {row.get("id") for rows in estate.rows.values() for row in rows}:
        estate.thing(label, thing)
