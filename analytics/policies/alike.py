"""Nodes that a policy set cannot tell apart: one of them is evaluated for all.

Two principals are alike if they have the label, all attributes that any policy reads, and their
relations to all entities that policies name in common; two resources likewise. Whether a resource
is in a scope of its principal is told apart for each request. Where a policy can see more of a
node, such as by comparing two of them, only the node itself is like it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from analytics.assumptions.families.scope import inside_scope, scopes_of
from analytics.containers import above, parent_of
from analytics.engines.policy_set import Mentions
from analytics.policies.cedar_entities import SCOPE, SCOPE_AT, entities
from analytics.policies.distinct import firsts
from analytics.policies.policy_input import policy_input
from analytics.posture import Posture
from graph.access import AccessGraph
from graph.schema import LEVELS, RESOURCE
from graph.values import canonical

PATHS = {SCOPE: range(len(LEVELS))} | {f"{SCOPE_AT}.{n}": [at] for at, n in enumerate(LEVELS)}
INSIDE, OUTSIDE, WITHOUT = 1, 0, 2


@dataclass(frozen=True)
class Ends:
    """The principals and the resources of requests, by their numbers now and then.

    `now` names them in an answer; `then` is the posture whose facts count. `principal_then` and
    `resource_then` are -1 for nodes that were not there.
    """

    now: AccessGraph
    then: Posture
    principal: np.ndarray
    resource: np.ndarray
    principal_then: np.ndarray
    resource_then: np.ndarray
    mentions: Mentions

    @cached_property
    def known(self) -> dict[str, dict[str, Any]]:
        """The entities of all of them, with what contains them, and of those policies name."""
        principals, resources = (
            np.unique(np.concatenate([ends[ends >= 0], self.named]))
            for ends in (self.principal_then, self.resource_then)
        )
        of = policy_input(
            self.then, principals, above(self.then.graph, resources), self.mentions.reads
        )
        return {entity["uid"]["id"]: entity for entity in entities(of)}

    def entities(self, rows: np.ndarray) -> list[dict[str, Any]]:
        """Return the entities that the requests at some rows touch, and those policies name."""
        touched = [self.principal_then[rows], self.resource_then[rows], self.named]
        numbers = np.unique(np.concatenate(touched))
        ids = self.then.graph.things["id"].iloc[above(self.then.graph, numbers[numbers >= 0])]
        return [self.known[thing] for thing in ids if thing in self.known]

    @cached_property
    def named(self) -> np.ndarray:
        """The numbers of the nodes that policies name (int64)."""
        graph = self.then.graph
        places = ((label, graph.number(thing)) for label, thing in sorted(self.mentions.literals))
        numbers = [n for label, n in places if n >= 0 and graph.thing(n)["label"] == label]
        return np.array(numbers, np.int64)

    def columns(self) -> Iterator[np.ndarray]:
        """Yield columns of integers (int64): equal where the policies see no difference."""
        seen, paths = self.mentions, self.mentions.scopes
        by_scope = all(path in PATHS for path in paths)
        itself = (
            seen.everything or seen.principal_itself or not by_scope,
            seen.everything or seen.resource_itself or not by_scope,
        )
        yield self.principal if itself[0] else self._classes(self.principal, self.principal_then)
        yield self.resource if itself[1] else self._classes(self.resource, self.resource_then)
        if not all(itself):
            yield from (self._within(path) for path in sorted(paths & PATHS.keys()))

    def _classes(self, ends: np.ndarray, then: np.ndarray) -> np.ndarray:
        """Return for each node the number of its class."""
        place, _ = pd.factorize(ends)
        keys = [self._key(int(ends[at]), int(then[at])) for at in firsts(place).tolist()]
        codes, _ = pd.factorize(np.array(keys, object))
        return codes.astype(np.int64)[place]

    def _key(self, now: int, then: int) -> str:
        """Return all that policies can see of a node, as text."""
        thing = self.now.thing(now)
        entity = self.known.get(thing["id"]) if then >= 0 else None
        facts = entity["attrs"] if entity else {}
        return canonical(
            [
                thing["label"],
                entity is not None,
                {name: facts[name] for name in self.mentions.attributes & facts.keys()},
                sorted(self.mentions.tested & facts.keys()),
                sorted(self.mentions.literals & set(self._lineage(thing, then))),
            ]
        )

    def _lineage(self, thing: dict[str, str], then: int) -> Iterator[tuple[str, str]]:
        """Yield a node and all that contain it."""
        yield thing["label"], thing["id"]
        outer = int(parent_of(self.then.graph)[then]) if then >= 0 else -1
        while outer >= 0:
            yield RESOURCE.name, self.then.graph.thing(outer)["id"]
            outer = int(parent_of(self.then.graph)[outer])

    def _within(self, path: str) -> np.ndarray:
        """Return for each request whether its resource is in a scope of its principal."""
        identities, place = np.unique(self.principal_then, return_inverse=True)
        with_scope = np.isin(identities, list(scopes_of(self.then)))
        is_resource = np.append(self.then.graph.has_label(RESOURCE), False)
        inside = np.zeros(len(place), bool)
        resource = self.resource_then
        while (resource >= 0).any():
            for level in PATHS[path]:
                levels = np.full(len(place), level, np.int8)
                inside |= is_resource[resource] & inside_scope(
                    self.then, identities, place.astype(np.int32), resource.astype(np.int32), levels
                )
            resource = np.where(resource >= 0, parent_of(self.then.graph)[resource], -1)
        code = np.where(inside, INSIDE, OUTSIDE)
        return np.where(with_scope[place], code, WITHOUT).astype(np.int64)
