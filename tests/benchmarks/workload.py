"""A synthetic identity graph, W(n, seed), that reach is measured on; `Wg` has workloads as well.

Users, agents, service accounts, credentials, groups, roles and resources in departments: most
links stay in the department of their source, a few groups and accounts are popular, and the
width of roles has a heavy tail. In Wg one resource in twenty runs as a service account, and
whoever reaches the resource enters it, which makes one large knot of nodes that reach the same.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from analytics.reach.network import Network, grouped

SHARES = {
    "user": 0.20,
    "agent": 0.15,
    "account": 0.12,
    "credential": 0.20,
    "group": 0.02,
    "role": 0.06,
    "resource": 0.25,
}
ACTING = ("user", "agent", "account")
LOCAL = 0.8  # of links stay in the department of their source
REVERSED = 0.05  # of links inside a hierarchy go up instead of down
RUNS_AS = 0.05  # of resources run as a service account, in Wg
WIDEST_ROLES, WIDEST = 3, 0.10  # so many roles grant so large a part of all resources
LARGEST_GROUPS, LARGEST = 3, 0.05  # so many groups have so large a part of all users
SENSITIVITY = {1: 0.40, 2: 0.30, 3: 0.15, 4: 0.10, 5: 0.05}
JEWELS, FEWEST_JEWELS, JEWEL = 0.002, 8, 10  # the part of resources that weigh most
READ, ADMIN = 0b10, 3


@dataclass(frozen=True)
class Link:
    """Each source has `least` + Poisson(`more`) links; targets low in their list are popular.

    With `skew` 1 all targets of a department are alike. Links of a `ranked` kind lead down a
    hierarchy, but for a few.
    """

    source: str
    target: str
    least: int
    more: float
    skew: float = 1.0
    ranked: bool = False


LINKS = (
    Link("agent", "credential", 1, 0.5),
    Link("credential", "account", 1, 0.0, skew=2.0),
    Link("user", "credential", 0, 0.2),
    Link("user", "group", 1, 3.0, skew=3.0),
    Link("account", "group", 0, 0.5, skew=3.0),
    Link("agent", "group", 0, 0.5, skew=3.0),
    Link("group", "group", 0, 0.8, ranked=True),
    Link("group", "role", 1, 3.0, skew=1.5),
    Link("account", "role", 1, 1.0, skew=1.5),
    Link("user", "role", 0, 0.3, skew=1.5),
    Link("agent", "role", 0, 0.3, skew=1.5),
    Link("role", "role", 0, 0.5, ranked=True),
    Link("agent", "agent", 0, 0.3, ranked=True),
    Link("agent", "resource", 1, 1.0),
)


@dataclass(frozen=True)
class Workload:
    """Distinct links (int32) in the order of their sources, and what the nodes are.

    `weight` (float64) is the sensitivity of a resource, 0 for any other node; `starts` (int32)
    are the nodes that act, and `kind` (int8) is the place of each node's kind in `SHARES`.
    """

    source: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    starts: np.ndarray
    kind: np.ndarray

    @property
    def nodes(self) -> int:
        """Count the nodes."""
        return len(self.weight)

    @property
    def is_resource(self) -> np.ndarray:
        """Say of each node whether it is a resource."""
        return self.weight > 0

    @property
    def jewels(self) -> np.ndarray:
        """The resources that weigh most."""
        return np.flatnonzero(self.weight == JEWEL)

    @cached_property
    def network(self) -> Network:
        """The links as control edges and grants of read; a resource that runs is both."""
        held = self.is_resource[self.target]
        entered = ~held
        entered[held] = np.isin(self.target[held], self.source)
        edge, indptr = grouped(self.source, entered, self.nodes)
        grant, g_indptr = grouped(self.source, held, self.nodes)
        return Network(
            indptr=indptr,
            target=self.target[edge],
            ceiling=np.full(len(edge), ADMIN, np.int8),
            edge=edge,
            g_indptr=g_indptr,
            resource=self.target[grant],
            levels=np.full(len(grant), READ, np.uint8),
            grant=grant,
            weight=self.weight,
        )

    def save(self, path: Path) -> None:
        """Write it to a file."""
        np.savez(path, source=self.source, target=self.target, weight=self.weight,
                 starts=self.starts, kind=self.kind)  # fmt: skip

    @classmethod
    def load(cls, path: Path) -> "Workload":
        """Read it from a file."""
        with np.load(path) as file:
            return cls(file["source"], file["target"], file["weight"], file["starts"], file["kind"])


def workload(nodes: int, seed: int = 7, runs_as: float = 0.0) -> Workload:
    """Make the graph of so many nodes; with `runs_as` that part of resources runs as accounts.

    Nodes are numbered in random order, so that no method finds neighbours side by side.
    """
    return _Making(nodes, np.random.default_rng(seed)).made(runs_as)


class _Making:
    """Nodes kind by kind, and by department inside each kind, while links are drawn."""

    def __init__(self, nodes: int, random: np.random.Generator) -> None:
        self.nodes, self.random = nodes, random
        self.departments = max(4, nodes // 1000)
        counts = {kind: int(share * nodes) for kind, share in SHARES.items()}
        counts["resource"] += nodes - sum(counts.values())
        ends = np.cumsum(list(counts.values()))
        self.range = {k: (int(e) - counts[k], int(e)) for k, e in zip(counts, ends, strict=True)}
        self.department = np.concatenate(
            [np.sort(random.integers(0, self.departments, size)) for size in counts.values()]
        )
        self.pairs: list[tuple[np.ndarray, np.ndarray]] = []

    def made(self, runs_as: float) -> Workload:
        for link in LINKS:
            self._link(link)
        self._roles()
        self._largest_groups()
        if runs_as:
            running = self._some("resource", round(runs_as * self._size("resource")))
            self.pairs.append((running, self._targets(running, "account")))
        sources, targets = (np.concatenate(ends) for ends in zip(*self.pairs, strict=True))
        name = self.random.permutation(self.nodes)
        weight = np.zeros(self.nodes)
        weight[name[slice(*self.range["resource"])]] = self._sensitivities()
        starts = np.concatenate([name[slice(*self.range[kind])] for kind in ACTING])
        links = np.unique(name[sources] * self.nodes + name[targets])
        source, target = (ends.astype(np.int32) for ends in np.divmod(links, self.nodes))
        apart = source != target
        kind = np.zeros(self.nodes, np.int8)
        for place, (begin, end) in enumerate(self.range.values()):
            kind[name[begin:end]] = place
        starts = np.sort(starts).astype(np.int32)
        return Workload(source[apart], target[apart], weight, starts, kind)

    def _size(self, kind: str) -> int:
        begin, end = self.range[kind]
        return end - begin

    def _some(self, kind: str, count: int) -> np.ndarray:
        return self.random.choice(np.arange(*self.range[kind]), count, replace=False)

    def _targets(
        self, sources: np.ndarray, kind: str, skew: float = 1.0, local: float | np.ndarray = LOCAL
    ) -> np.ndarray:
        """Draw a target for each source, in its department with the probability `local`."""
        begin, end = self.range[kind]
        edges = begin + np.searchsorted(self.department[begin:end], np.arange(self.departments + 1))
        of = self.department[sources]
        first, after = edges[of], edges[of + 1]
        far = (self.random.random(len(sources)) >= local) | (first == after)
        first, after = np.where(far, begin, first), np.where(far, end, after)
        place = self.random.random(len(sources)) ** skew
        return first + (place * (after - first)).astype(np.int64)

    def _link(self, link: Link) -> None:
        begin, end = self.range[link.source]
        many = link.least + self.random.poisson(link.more, end - begin)
        sources = np.repeat(np.arange(begin, end), many)
        targets = self._targets(sources, link.target, link.skew)
        if link.ranked:
            up = self.random.random(len(sources)) < REVERSED
            low, high = np.minimum(sources, targets), np.maximum(sources, targets)
            sources, targets = np.where(up, low, high), np.where(up, high, low)
        self.pairs.append((sources, targets))

    def _roles(self) -> None:
        """Let roles grant resources: a Pareto tail, and the wider a role the less local."""
        begin, end = self.range["role"]
        resources = self._size("resource")
        width = 14 * (1 + self.random.pareto(1.2, end - begin))
        width = np.minimum(width, 0.02 * resources + 40).astype(np.int64)
        width[self._some("role", WIDEST_ROLES) - begin] = int(WIDEST * resources)
        sources = np.repeat(np.arange(begin, end), width)
        local = np.repeat(LOCAL * np.minimum(1, 60 / width), width)
        self.pairs.append((sources, self._targets(sources, "resource", local=local)))

    def _largest_groups(self) -> None:
        for group in self._some("group", LARGEST_GROUPS):
            members = self._some("user", int(LARGEST * self._size("user")))
            self.pairs.append((members, np.full(len(members), group)))

    def _sensitivities(self) -> np.ndarray:
        size = self._size("resource")
        drawn = self.random.choice(list(SENSITIVITY), size, p=list(SENSITIVITY.values()))
        jewels = max(FEWEST_JEWELS, int(JEWELS * size))
        drawn[self.random.choice(size, jewels, replace=False)] = JEWEL
        return drawn.astype(np.float64)
