"""What closes a finding of a small estate, and whether it is gone after that."""

from analytics.actions import Action
from analytics.findings.evaluation import find_all, find_by, lacking
from analytics.findings.rules import rule_of
from analytics.posture import Posture
from analytics.remediation.closing.change import Change
from analytics.remediation.closing.grouped import grouped
from analytics.remediation.closing.simulated import simulated
from analytics.remediation.removal.before_and_after import changed


def closed_by(
    posture: Posture, rule: str, ids: tuple[str, ...], action: Action
) -> tuple[Change, str, bool]:
    """Return the change by that action on those ids, its one finding of a rule, and the claim."""
    rows, groups = find_all(posture), grouped(posture)
    asked = [
        (groups.changes[change], rows["id"].iloc[finding], closes)
        for change, finding, closes in zip(
            groups.change.tolist(), groups.finding.tolist(), groups.closes.tolist(), strict=True
        )
        if rows["rule"].iloc[finding] == rule
    ]
    same = [row for row in asked if (row[0].action, row[0].ids) == (action, ids)]
    assert same, f"{rule} asks for {[(row[0].action, row[0].ids) for row in asked]}"
    return same[0]


def gone_after(posture: Posture, change: Change, rule: str, *findings: str) -> bool:
    """Return whether none of these findings of a rule is there once a change is done."""
    after = changed(posture, *simulated(posture, change))
    if lacking(after, rule_of(rule)):
        return False
    return set(find_by(after, rule_of(rule))["id"]).isdisjoint(findings)
