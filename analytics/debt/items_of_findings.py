"""Items of debt that findings are about, as their rules declare in `feeds`."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from analytics.assumptions.items import Debt
from analytics.assumptions.model import NUMBER
from analytics.findings.families.ownership import last_departed
from analytics.findings.feeds import By, Feeds
from analytics.findings.rules import all_rules, rule_of
from analytics.ownership.owners import ROLES
from analytics.posture import Posture
from analytics.residue import ACCOUNTS, residue
from graph.frames import records
from graph.schema import CAN_ACCESS, LEVELS
from graph.values import UNIT_SEPARATOR

ANY = -1  # in place of what narrows the items of a finding: nothing does
NONE = -2  # what narrows them is not there
PAIR = ["finding", "item"]


def items_of_findings(posture: Posture, owed: Debt, findings: pd.DataFrame) -> pd.DataFrame:
    """Return which broken items of a debt each finding is about.

    Parameters
    ----------
    findings : DataFrame
        `rule` (an id), `subject` (the number of a node, -1 for one that is not there any more),
        `object` (the id of a node, "" for none) and `key`.

    Returns
    -------
    DataFrame
        `finding` (a position in `findings`) and `item` (one in `owed.rows`), each pair once.
    """
    rows = subjects_of(posture, findings.reset_index(drop=True))
    items = _Items(posture, owed, rows["subject"].unique())
    parts = [pd.DataFrame({name: np.zeros(0, np.int64) for name in PAIR})]
    for rule, own in rows.groupby("rule"):
        feeds = rule_of(str(rule)).feeds
        if feeds.assumptions:
            parts += [pairs[PAIR] for pairs in items.of(own, feeds)]
    return pd.concat(parts).drop_duplicates().sort_values(PAIR, ignore_index=True)


def subjects_of(posture: Posture, findings: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each finding and identity whose items it is about, as `subject`.

    Accounts left by a deleted agent owe for themselves; they are included where the rule says so.
    """
    columns = {name: findings[name] for name in ("rule", "subject", "object", "key")}
    rows = pd.DataFrame(columns).assign(finding=np.arange(len(findings)))
    rows = rows[rows["subject"] >= 0]
    through = [rule.id for rule in all_rules().values() if rule.feeds.through_accounts]
    gone = posture.deleted[rows["subject"]] & rows["rule"].isin(through).to_numpy(bool)
    if not gone.any():
        return rows
    left = residue(posture)
    left = left[left["kind"] == ACCOUNTS][["identity", "thing"]].drop_duplicates()
    more = rows[gone].merge(left, left_on="subject", right_on="identity")
    more = more.assign(subject=more["thing"])
    return pd.concat([rows, more[rows.columns]], ignore_index=True)


class _Items:
    """The broken items of some identities, or of grants that these hold, in columns."""

    def __init__(self, posture: Posture, owed: Debt, subjects: np.ndarray) -> None:
        self.posture, self.graph = posture, posture.graph
        rows, units = owed.rows, owed.units
        wanted = np.zeros(len(self.graph.ids), bool)
        wanted[subjects] = True
        mask = (rows.principal > 0) & (wanted[units.identity] | wanted[units.holder])[
            rows.entitlement
        ]
        item = np.flatnonzero(mask)
        at = rows.entitlement[item]
        self.frame = pd.DataFrame(
            {
                "item": item,
                "assumption": rows.assumption[item],
                "identity": units.identity[at].astype(np.int64),
                "holder": units.holder[at].astype(np.int64),
                "resource": units.resource[at].astype(np.int64),
                "level": units.level[at],
                "grant": units.grant[at].astype(np.int64),
                "about": rows.about[item],
            }
        )

    def of(self, findings: pd.DataFrame, feeds: Feeds) -> Iterator[pd.DataFrame]:
        """Yield pairs of the findings of a rule and the items that these are about."""
        wanted = [NUMBER[name] for name in feeds.assumptions]
        items = self.frame[self.frame["assumption"].isin(wanted)]
        findings, column = self._narrowed(findings, feeds.by)
        for whose in ("identity", "holder") if feeds.for_others else ("identity",):
            every = (findings["narrow"] == ANY).to_numpy(bool)
            own = items.assign(subject=items[whose])
            yield findings[every].merge(own, on="subject", suffixes=("", "_"))
            if column and not every.all():
                narrow = {"subject": own["subject"], "narrow": own[column], "item": own["item"]}
                yield findings[~every].merge(pd.DataFrame(narrow), on=["subject", "narrow"])
        if feeds.by is By.DUTY:
            yield self._duties(findings, items)

    def _narrowed(self, findings: pd.DataFrame, by: By) -> tuple[pd.DataFrame, str]:
        """Return the findings with what narrows their items, and the column that must equal it."""
        other = findings["object"]
        absent = (other == "").to_numpy(bool)
        if by is By.GRANT:
            first = findings["key"].str.split(UNIT_SEPARATOR).str[0]
            place = pd.Index(self.graph.frames[CAN_ACCESS]["id"]).get_indexer(pd.Index(first))
            narrow = np.where(place < 0, NONE, place)
            absent = (findings["key"] == "").to_numpy(bool)
            return findings.assign(narrow=np.where(absent, ANY, narrow)), "grant"
        if by in (By.RESOURCE, By.HOLDER):
            number = self.graph.numbers(other).astype(np.int64)
            narrow = np.where(number < 0, NONE, number)
            return findings.assign(narrow=np.where(absent, ANY, narrow)), by.name.lower()
        if by is By.CREDENTIAL:
            named = other.astype(object)
            return findings.assign(narrow=named.mask(absent, ANY)), "about"
        if by is By.OWNER:
            roles = [self._roles(*pair) for pair in zip(findings["subject"], other, strict=True)]
            rows = findings.assign(narrow=pd.Series(roles, index=findings.index, dtype=object))
            return rows.explode("narrow"), "about"
        return findings.assign(narrow=NONE if by is By.DUTY else ANY), ""

    def _roles(self, subject: int, owner: str) -> list[Any]:
        """Return the roles of a subject without those whose last owner was another person."""
        if not owner:
            return [ANY]
        number, last = self.graph.number(owner), self._last_owners.get(subject, {})
        return [role for role in ROLES if last.get(role, number) == number] or [NONE]

    @cached_property
    def _last_owners(self) -> dict[int, dict[str, int]]:
        """The last owner to leave of each node and role."""
        owners: dict[int, dict[str, int]] = {}
        for row in records(last_departed(self.posture.ownership)):
            owners.setdefault(row.thing, {})[row.role] = row.owner
        return owners

    def _duties(self, findings: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
        """Return the items whose entitlement and counterpart are both sides of a duty."""
        resource_of = self._resources()
        own = dict(list(items.groupby("identity")))
        pairs = [
            (finding.finding, item)
            for finding in records(findings)
            if finding.subject in own
            for item in self._duty(finding, own[finding.subject], resource_of)
        ]
        return pd.DataFrame(np.array(pairs, np.int64).reshape(-1, 2), columns=PAIR)

    def _resources(self) -> dict[str, int]:
        ids = self.graph.frames[CAN_ACCESS]["id"].tolist()
        return dict(zip(ids, self.graph.ends(CAN_ACCESS)[1].tolist(), strict=True))

    def _duty(self, finding: Any, items: pd.DataFrame, resource_of: dict[str, int]) -> list[int]:
        rule, left, *levels = finding.key.split(UNIT_SEPARATOR)
        both = zip((left, finding.object), levels, strict=True)
        sides = [(self.graph.number(thing), level) for thing, level in both]
        head, chosen = f"{rule} with ", []
        for row in records(items):
            if row.about.startswith(head):
                level, _, grant = row.about[len(head) :].partition(" by ")
                pair = (row.resource, LEVELS[row.level]), (resource_of.get(grant, -1), level)
                if _fits(sides, pair) or _fits(sides[::-1], pair):
                    chosen.append(row.item)
        return chosen


def _fits(sides: list[tuple[int, str]], pair: tuple[tuple[int, str], ...]) -> bool:
    """Return whether two entitlements match the two sides of a duty; a side may be of any level."""
    return all(
        wanted == thing and (level == has or level not in LEVELS)
        for (wanted, level), (thing, has) in zip(sides, pair, strict=True)
    )
