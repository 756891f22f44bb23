"""The debt items that accepted findings are about, and how long each was accepted.

An item of several accepted findings was accepted while any of them was.
"""

from dataclasses import dataclass

import numpy as np

from analytics.assumptions.items import Debt
from analytics.assumptions.model import NUMBER
from analytics.findings.families.ownership import last_departed
from analytics.findings.feeds import By, Feeds
from analytics.findings.lifecycle.about import Accepted, accepted_findings
from analytics.findings.rules import rule_of
from analytics.ownership.owners import ROLES
from analytics.posture import Posture
from analytics.residue import ACCOUNTS, residue
from graph.schema import CAN_ACCESS, LEVELS

RESIDUE = "RES-01"


@dataclass(frozen=True)
class Pauses:
    """The time that interest on each item was paused, and whether it is paused now.

    `time` (int64) is in milliseconds, counted since the item broke; `now` is a mask.
    """

    time: np.ndarray
    now: np.ndarray


def pauses(posture: Posture, owed: Debt) -> Pauses | None:
    """Return the pauses of interest on the items of a debt; None if nothing was accepted.

    After a removal, acceptances from before it still apply to what is left.
    """
    before = posture
    while before.before is not None:
        before = before.before
    findings = [f for f in accepted_findings(before) if rule_of(f.rule).feeds.assumptions]
    return _pauses(posture, owed, findings) if findings else None


def _pauses(posture: Posture, owed: Debt, findings: list[Accepted]) -> Pauses:
    items = _Items(posture, owed, [n for f in findings for n in _subjects(posture, f)])
    parts = [(items.of(finding), span) for finding in findings for span in finding.spans]
    place = np.concatenate([at for at, _ in parts])
    many = [len(at) for at, _ in parts]
    begun, over = (np.repeat(np.array([s[k] for _, s in parts]), many) for k in (0, 1))
    now = np.zeros(len(owed.rows), bool)
    now[place[(begun <= owed.now) & (owed.now < over)]] = True
    begun = np.maximum(begun, owed.rows.since[place])
    return Pauses(_together(place, begun, np.minimum(over, owed.now), len(now)), now)


def _together(place: np.ndarray, begun: np.ndarray, over: np.ndarray, count: int) -> np.ndarray:
    """Return the length of the union of the time spans at each place (int64[count])."""
    some = np.flatnonzero(begun < over)
    some = some[np.lexsort((begun[some], place[some]))]
    place, begun, over = place[some], begun[some], over[some]
    covered = np.zeros(count, np.int64)
    if not len(place):
        return covered
    rank = np.cumsum(np.diff(place, prepend=place[0]) != 0)
    apart = rank * (over.max() - begun.min() + 1)  # so that no place reaches into the next
    begun, over = begun + apart, over + apart
    until = np.concatenate([begun[:1], np.maximum.accumulate(over)[:-1]])
    np.add.at(covered, place, np.maximum(over - np.maximum(begun, until), 0))
    return covered


def _subjects(posture: Posture, finding: Accepted) -> list[int]:
    """Return the identities whose items a finding is about (numbers of nodes).

    Accounts left by a deleted agent owe for themselves, so they are included.
    """
    subject = posture.graph.number(finding.subject)
    if subject < 0:
        return []
    if finding.rule != RESIDUE or not posture.deleted[subject]:
        return [subject]
    left = residue(posture)
    mask = (left["kind"] == ACCOUNTS) & (left["identity"] == subject)
    return [subject, *left["thing"][mask].astype(int).tolist()]


class _Items:
    """The broken items of some identities, or of grants that these hold, in columns."""

    def __init__(self, posture: Posture, owed: Debt, subjects: list[int]) -> None:
        self.posture, self.graph = posture, posture.graph
        rows, units = owed.rows, owed.units
        wanted = np.zeros(len(self.graph.ids), bool)
        wanted[subjects] = True
        mask = (rows.principal > 0) & (wanted[units.identity] | wanted[units.holder])[
            rows.entitlement
        ]
        self.place = np.flatnonzero(mask)
        at = rows.entitlement[self.place]
        self.identity, self.holder = units.identity[at], units.holder[at]
        self.resource, self.level = units.resource[at], units.level[at]
        self.grant = units.grant[at]
        self.assumption, self.about = rows.assumption[self.place], rows.about[self.place]

    def of(self, finding: Accepted) -> np.ndarray:
        """Return the rows of the items that a finding is about."""
        feeds, subjects = rule_of(finding.rule).feeds, _subjects(self.posture, finding)
        mask = np.isin(self.assumption, [NUMBER[name] for name in feeds.assumptions])
        whose = np.isin(self.identity, subjects)
        if feeds.for_others:
            whose |= np.isin(self.holder, subjects)
        return np.asarray(self.place[mask & whose & self._narrowed(finding, feeds)])

    def _narrowed(self, finding: Accepted, feeds: Feeds) -> np.ndarray:
        every = np.ones(len(self.place), bool)
        if feeds.by is By.GRANT and finding.key:
            return np.isin(self._grants[self.grant], finding.key[:1])
        if feeds.by is By.DUTY:
            return self._duty(finding)
        if feeds.by is By.SUBJECT or not finding.object:
            return every
        number = self.graph.number(finding.object)
        if feeds.by is By.RESOURCE:
            return np.asarray(self.resource == number)
        if feeds.by is By.HOLDER:
            return np.asarray(self.holder == number)
        if feeds.by is By.CREDENTIAL:
            return np.isin(self.about, [finding.object])
        return np.isin(self.about, self._roles(finding, number)) if feeds.by is By.OWNER else every

    @property
    def _grants(self) -> np.ndarray:
        return np.asarray(self.graph.frames[CAN_ACCESS]["id"].to_numpy(object))

    def _roles(self, finding: Accepted, owner: int) -> list[str]:
        """Return the roles of a subject without those whose last owner was another person."""
        last = last_departed(self.posture.ownership)
        subject = self.graph.number(finding.subject)
        others = last[(last["thing"] == subject) & (last["owner"] != owner)]
        return [role for role in ROLES if role not in set(others["role"])]

    def _duty(self, finding: Accepted) -> np.ndarray:
        """Return a mask of the items whose entitlement and counterpart are both sides of a duty."""
        rule, left, *levels = finding.key
        both = zip((left, finding.object), levels, strict=True)
        sides = [(self.graph.number(thing), level) for thing, level in both]
        head = f"{rule} with "
        mask = np.zeros(len(self.place), bool)
        resource_of = dict(zip(self._grants, self.graph.ends(CAN_ACCESS)[1].tolist(), strict=True))
        for k, name in enumerate(self.about.tolist()):
            if name.startswith(head):
                level, _, grant = name[len(head) :].partition(" by ")
                own = int(self.resource[k]), LEVELS[self.level[k]]
                pair = own, (resource_of.get(grant, -1), level)
                mask[k] = _fits(sides, pair) or _fits(sides[::-1], pair)
        return mask


def _fits(sides: list[tuple[int, str]], pair: tuple[tuple[int, str], ...]) -> bool:
    """Return whether two entitlements match the two sides of a duty; a side may be of any level."""
    return all(
        wanted == thing and (level == has or level not in LEVELS)
        for (wanted, level), (thing, has) in zip(sides, pair, strict=True)
    )
