"""AWS accounts: the account of each node, what it contains, and permission boundaries."""

from collections import defaultdict
from collections.abc import Collection

import numpy as np

from analytics.coverage import declaring
from analytics.escalation.support import NOTHING, Support
from graph.access import AccessGraph
from graph.schema import HUMAN, RESOURCE, ROLE, RUNS_AS, SERVICE_ACCOUNT


class Accounts:
    """The accounts of a graph; nodes whose ids name no account are all in the same one."""

    def __init__(self, graph: AccessGraph) -> None:
        self.graph = graph
        self._names: dict[int, str] = {}
        self._node: dict[str, int | None] = {}
        self._children: dict[int, set[int]] | None = None
        self._services: set[tuple[str, str]] | None = None
        self._boundaries: dict[int, str] | None = None
        self._inventoried: np.ndarray | None = None

    def name(self, thing: int) -> str:
        """Return the account in the id of a node; "" if it names none."""
        if thing not in self._names:
            parts = str(self.graph.ids[thing]).split(":")
            self._names[thing] = parts[4] if parts[0] == "arn" and len(parts) > 5 else ""
        return self._names[thing]

    def same(self, first: int, second: int) -> bool:
        """Return whether two nodes are in the same account."""
        return self.name(first) == self.name(second)

    def of(self, principal: int) -> int | None:
        """Return the account node of a principal; without a name, the only account of the graph."""
        name = self.name(principal)
        if name not in self._node:
            self._node[name] = self._find(principal, name)
        return self._node[name]

    def _find(self, principal: int, name: str) -> int | None:
        graph = self.graph
        if name:
            partition = str(graph.ids[principal]).split(":")[1]
            number = graph.number(f"arn:{partition}:iam::{name}:root")
            return number if number >= 0 else None
        frame = graph.frames[RESOURCE]
        accounts = frame["id"][(frame["type"] == "account").fillna(False)]
        return graph.number(str(accounts.iloc[0])) if len(accounts) == 1 else None

    def within(self, account: int, things: Collection[int]) -> list[int]:
        """Return those of `things` that an account contains."""
        if self._children is None:
            frame = self.graph.frames[RESOURCE]
            child = self.graph.numbers(frame["id"])
            parent = self.graph.numbers(frame["parent_id"].fillna(""))
            self._children = defaultdict(set)
            for above, below in zip(parent.tolist(), child.tolist(), strict=True):
                if above >= 0:
                    self._children[above].add(below)
        return sorted(self._children.get(account, set()).intersection(things))

    def lists(self, role: int, service: str) -> bool:
        """Return whether a source lists the compute of a service, in the account of a role.

        Compute is listed by an inventory that states the role it runs as; policies name compute
        too, and names of a list without roles leave open what runs as a role.
        """
        if self._inventoried is None:  # a catalogue that names a role lists no compute
            self._inventoried = declaring(self.graph, "inventory", "grants")
        if not self._inventoried[role]:
            return False
        account = self.name(role)
        name = service.removesuffix(".amazonaws.com").split(".")[-1].removesuffix("-tasks")
        return account == "" or (account, name) in self._listed()

    def _listed(self) -> set[tuple[str, str]]:
        """Return the account and service of each compute of which a source states the role."""
        if self._services is None:
            compute = np.unique(self.graph.ends(RUNS_AS)[0])
            compute = compute[self.graph.has_label(RESOURCE)[compute]]
            ids = self.graph.ids.take(compute).to_pylist()
            parts = [str(id_).split(":", 5) for id_ in ids]
            self._services = {(p[4], p[2]) for p in parts if p[0] == "arn" and len(p) > 5}
        return self._services

    def boundary(self, principal: int) -> Support:
        """Return a principal's boundary as an unevaluated condition, as policies may change."""
        if self._boundaries is None:
            self._boundaries = {}
            for label in (HUMAN, SERVICE_ACCOUNT, ROLE):
                frame = self.graph.frames[label]
                limits = frame[frame["boundary"].notna()] if "boundary" in frame else frame[:0]
                numbers = self.graph.numbers(limits["id"]).tolist()
                self._boundaries |= dict(zip(numbers, limits["boundary"], strict=True))
        boundary = self._boundaries.get(principal)
        return NOTHING if boundary is None else Support(condition=f"within the boundary {boundary}")
