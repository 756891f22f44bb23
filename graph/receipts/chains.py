"""Chains of records within one file: followed link by link, each break named by its kind.

A record follows the one whose digest it states. So several chains of one file are told apart, even
where their records alternate, and a record is placed even after a break.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from graph.receipts.claims import Link

REWRITTEN, MISSING, DOUBLED, REORDERED, FORKED, BACKDATED, UNREADABLE = (
    "rewritten",
    "missing",
    "doubled",
    "reordered",
    "forked",
    "back-dated",
    "unreadable",
)


@dataclass(slots=True)
class Fault:
    """A break: the record that shows it (0-based), its kind, and what is wrong."""

    record: int
    kind: str
    reason: str


@dataclass(slots=True)
class Chain:
    """A chain: its name, its first and last record, their count, and the digest of the last."""

    name: str
    first: int
    last: int = -1
    records: int = 0
    head: str | None = None
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _End:
    """A record that none follows yet: its chain, position and date."""

    chain: Chain
    record: int
    dated: datetime | None


@dataclass
class Chains:
    """The chains of a file."""

    chains: list[Chain] = field(default_factory=list)
    _ends: dict[str, _End] = field(default_factory=dict)
    _by_name: dict[str, Chain] = field(default_factory=dict)
    _place: dict[str, tuple[Chain, int]] = field(default_factory=dict)
    _latest: Chain | None = None
    _awaited: dict[str, tuple[Chain, Fault]] = field(default_factory=dict)

    def add(self, record: int, link: Link, dated: datetime | None) -> Chain:
        """Add a record at its position in the file, and return its chain."""
        if link.digest in self._place:
            chain, before = self._place[link.digest]
            self._fault(chain, Fault(record, DOUBLED, f"is the record {before} again"))
            return chain
        end = self._ends.pop(link.previous, None) if link.previous is not None else None
        chain = end.chain if end is not None else self._placed(record, link)
        if link.rewritten:
            chain.faults.append(Fault(record, REWRITTEN, link.rewritten))
        if end is not None:
            self._compare(end, record, dated)
            dated = end.dated if dated is None else dated
        self._place[link.digest] = chain, record
        self._count(chain, record)
        self._advance(_End(chain, record, dated), link.digest)
        return chain

    def unreadable(self, record: int, reason: str) -> None:
        """Add something that is no record of a chain."""
        self._fault(self._current(record), Fault(record, UNREADABLE, reason))

    def rejoin(self) -> None:
        """Take a chain that stands for one record of another as that record, rewritten.

        It starts just after the last record of the other, and what follows it follows the record
        that it replaced.
        """
        by_last, kept = {chain.last: chain for chain in self.chains}, []
        for chain in self.chains:
            before = by_last.get(chain.first - 1)
            broken = chain.faults[0] if chain.faults else None
            replaces = broken is not None and broken.record == chain.first + 1
            if before is None or broken is None or not replaces or broken.kind != MISSING:
                kept.append(chain)
                continue
            reason = "starts a chain anew where a record of another stood"
            chain.faults[0] = Fault(chain.first, REWRITTEN, reason)
            before.faults += chain.faults
            del by_last[before.last]
            before.records, before.last = before.records + chain.records, chain.last
            before.head, by_last[before.last] = chain.head, before
        self.chains = kept

    def faults(self) -> Iterator[tuple[Chain, Fault]]:
        """Yield the faults of all chains, in the order of the file."""
        pairs = [(chain, fault) for chain in self.chains for fault in chain.faults]
        yield from sorted(pairs, key=lambda pair: pair[1].record)

    def _fault(self, chain: Chain, fault: Fault) -> None:
        """Note a record that is counted in a chain, but is no link of it."""
        chain.faults.append(fault)
        self._count(chain, fault.record)

    def _count(self, chain: Chain, record: int) -> None:
        chain.records, chain.last, self._latest = chain.records + 1, record, chain

    def _current(self, record: int) -> Chain:
        """Return the chain of the record just before, else a new one."""
        return self._latest if self._latest is not None else self._begun(record, None)

    def _begun(self, record: int, name: str | None) -> Chain:
        chain = Chain(name or f"chain {len(self.chains) + 1}", record)
        self.chains.append(chain)
        if name is not None:
            self._by_name[name] = chain
        return chain

    def _placed(self, record: int, link: Link) -> Chain:
        """Return the chain of a record that follows no end; note why, unless it is a first.

        What another record waited for belongs to the chain of that one.
        """
        known = self._by_name.get(link.chain) if link.chain is not None else None
        waiting, _ = self._awaited.get(link.digest, (None, None))
        if link.previous is None and known is None:
            unnamed = waiting if link.chain is None else None
            return unnamed if unnamed is not None else self._begun(record, link.chain)
        if link.previous is None and known is not None:
            known.faults.append(Fault(record, FORKED, "starts anew a chain that began before"))
            return known
        if link.chain is not None:
            chain = known if known is not None else self._begun(record, link.chain)
        else:
            chain = waiting if waiting is not None else self._current(record)
        chain.faults.append(self._unlinked(record, str(link.previous), chain))
        return chain

    def _unlinked(self, record: int, previous: str, chain: Chain) -> Fault:
        """Return the fault of a record of a chain that follows no end."""
        if previous in self._place:
            _, before = self._place[previous]
            reason = f"follows the record {before}, which another record follows already"
            return Fault(record, FORKED, reason)
        reason = "does not follow the record before it: the one it follows is not in the file"
        fault = Fault(record, MISSING, reason)
        self._awaited[previous] = chain, fault
        return fault

    def _advance(self, end: _End, digest: str) -> None:
        """Make a record the end of its chain, unless the one that follows it came before."""
        _, fault = self._awaited.pop(digest, (None, None))
        if fault is None:
            end.chain.head = digest
            self._ends[digest] = end
            return
        fault.kind = REORDERED
        fault.reason = f"stands before the record {end.record}, which it follows"

    def _compare(self, end: _End, record: int, dated: datetime | None) -> None:
        """Compare the date of a record with that of the one it follows."""
        if dated is not None and end.dated is not None and dated < end.dated:
            seconds = (end.dated - dated).total_seconds()
            reason = f"is dated {seconds:g} s before the record {end.record}, which it follows"
            end.chain.faults.append(Fault(record, BACKDATED, reason))
