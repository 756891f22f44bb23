"""Trust debt with acceptances in plain Python: what a finding is about, and which days count."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.support.references.debt import Reference
from tests.support.references.debt_definition import CAP, RULES, Item


def owed(item: Item, now: float, accepted: Sequence[tuple[float, float]]) -> float:
    """Return the debt of one item at a day; the days within spans of acceptance do not count."""
    if not item.degree:
        return 0.0
    days = 0.0 if item.since is None else bearing(item.since, now, accepted)
    return item.applies * item.degree * (1 + min(days / RULES[item.assumption][1], CAP))


def bearing(since: float, now: float, accepted: Sequence[tuple[float, float]]) -> float:
    """Count the days from one to another that lie in no span: piece by piece between all ends."""
    ends = sorted({since, now, *(d for span in accepted for d in span)})
    pieces = [(a, b) for a, b in pairwise(ends) if since <= a and b <= now]
    return sum(b - a for a, b in pieces if not any(s <= a and b <= e for s, e in accepted))


@dataclass(frozen=True)
class AcceptedFinding:
    """A finding by its rule, its subject, its object and the parts of its key, and from when on."""

    rule: str
    subject: str
    object: str
    key: tuple[str, ...]
    since: float
    until: float


BY_IDENTITY = {
    **dict.fromkeys(("OWN-01", "OWN-03", "OWN-04", "OWN-05", "OWN-06"), "owner"),
    **{"SCP-01": "scope", "TIM-01": "standing", "TIM-03": "necessity", "TIM-04": "necessity"},
    **{"REV-01": "review", "ISO-02": "third_party", "RES-01": "outlived"},
}
BY_GRANT = {
    **{"SCP-02": "scope", "LPR-01": "necessity", "LPR-02": "necessity"},
    **{"TIM-02": "outlived", "REV-02": "outlived"},
}
BY_RESOURCE = {"SCP-03": "scope", "ISO-01": "env"}
BY_KEY = {"CRD-01": "cred_age", "CRD-02": "cred_storage", "CRD-03": "cred_auth"}
BY_KEY |= {"CRD-04": "cred_shared", "CRD-05": "cred_human"}


class AcceptingReference(Reference):
    """Trust debt as of an instant, and which items findings are about."""

    def concerns(self, of: AcceptedFinding, item: Item) -> bool:
        """Say whether an item is what a finding is about."""
        if item.identity != of.subject:
            return False
        if of.rule == "OWN-02":
            return item.assumption == "owner" and self._was_last(of.object, item)
        if of.rule == "ISO-03":
            return item.assumption == "sod" and self._are_sides(of, item)
        grant = self._grant(item.grant)
        if of.rule == "LPR-05":
            return item.assumption == "necessity" and grant["source_id"] == of.object
        if of.rule in BY_RESOURCE:
            return item.assumption == BY_RESOURCE[of.rule] and grant["target_id"] == of.object
        if of.rule in BY_KEY:
            return item.assumption == BY_KEY[of.rule] and item.object == of.object
        if of.rule in BY_GRANT and of.key:
            return item.assumption == BY_GRANT[of.rule] and item.grant == of.key[0]
        return item.assumption == (BY_IDENTITY | BY_GRANT).get(of.rule)

    def _grant(self, name: str) -> dict:
        return next(row for row in self.rows["CAN_ACCESS"] if row["id"] == name)

    def _was_last(self, owner: str, item: Item) -> bool:
        """Say whether an owner was the last one to go in the role of an item."""
        went = [
            (self.went(row, [row["source_id"]]), row["source_id"], row["id"])
            for row in self.rows["OWNS"]
            if row["target_id"] == item.identity
            and self._counts(row, item.object)
            and self.facts[row["source_id"]]["label"] == "Human"
            and not self._here(row["source_id"])
        ]
        last = max(went, key=lambda w: (-1e9 if w[0] is None else w[0], *w[1:]), default=None)
        return last is None or last[1] == owner

    def _are_sides(self, of: AcceptedFinding, item: Item) -> bool:
        rule, left, *levels = of.key
        wanted = {0: (left, levels[0]), 1: (of.object, levels[1])}
        said, _, rest = item.object.partition(" with ")
        level, _, grant = rest.partition(" by ")
        pair = [(self._grant(item.grant)["target_id"], item.level)]
        pair += [(self._grant(grant)["target_id"], level)]
        return said == rule and any(
            all(
                thing == wanted[side][0] and wanted[side][1] in (has, "nan", "None", "<NA>")
                for side, (thing, has) in zip(sides, pair, strict=True)
            )
            for sides in ((0, 1), (1, 0))
        )
