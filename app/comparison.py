"""Words for what differs between two moments, on the page and in the terminal."""

from collections.abc import Mapping

from analytics.answers.compare.lists import COVERAGE, TRUTH
from app.wording import counted, number

SOURCES: Mapping[str, str] = {
    "connected": "new",
    "lost": "no longer read",
    "kept": "at both ends",
}  # what became of each
CHANGED = "it changed"
CHANGES: Mapping[str, str] = {
    "new": "+ new",
    "gone": "- gone",
    "opened": "+ opened",
    "closed": "- closed",
    "widened": "▲ widened",
    "narrowed": "▽ narrowed",
    "gained": "+ has an owner now",
    "lost": "- lost its owner",
    "replaced": "→ another owner",
    "unclear": "? not known at one end",
}
_BEGAN, _CEASED, _OTHERWISE = (
    "we began to see it",
    "we ceased to see it",
    "we see it differently",
)
SEEN: Mapping[str, str] = {  # of each change that is none in truth
    **dict.fromkeys(("new", "opened", "gained"), _BEGAN),
    **dict.fromkeys(("gone", "closed", "lost"), _CEASED),
    **dict.fromkeys(("widened", "narrowed", "replaced", "unclear"), _OTHERWISE),
}
Counts = Mapping[str, Mapping[str, Mapping[str, int]]]  # of each kind, change and reason


def why_words(change: str, why: str) -> str:
    """Return why something differs.

    >>> why_words("new", "coverage"), why_words("lost", "changed")
    ('we began to see it', 'it changed')
    """
    return SEEN[change] if why == COVERAGE else CHANGED


def changed_words(counts: Counts, agents: bool) -> str:
    """Say what changed in truth; without `agents`, all identities are compared.

    >>> opened = {"changed": 1, "coverage": 5}
    >>> none = {"changed": 0, "coverage": 0}
    >>> changed_words({
    ...     "agents": {"new": opened, "gone": none}, "paths": {"opened": opened, "closed": none},
    ...     "findings": {"new": none, "gone": none}, "owners": {"lost": opened}}, True)
    '1 agent new, 0 gone; 1 path to a crown jewel opened, 0 closed; 0 findings new, 0 gone; \
1 owner lost'
    """
    real = {
        kind: {change: reasons[TRUTH] for change, reasons in changes.items()}
        for kind, changes in counts.items()
    }
    starts = ("agent", "agents") if agents else ("identity", "identities")
    of_agents, paths, findings = real["agents"], real["paths"], real["findings"]
    return "; ".join(
        (
            f"{counted(of_agents['new'], *starts)} new, {number(of_agents['gone'])} gone",
            f"{counted(paths['opened'], 'path')} to a crown jewel opened, "
            f"{number(paths['closed'])} closed",
            f"{counted(findings['new'], 'finding')} new, {number(findings['gone'])} gone",
            f"{counted(real['owners']['lost'], 'owner')} lost",
        )
    )


def seen_words(counts: Counts) -> str | None:
    """Say how many differences are none in truth; None if there are none."""
    only = sum(reasons[COVERAGE] for changes in counts.values() for reasons in changes.values())
    if not only:
        return None
    return (
        f"{counted(only, 'difference')} more are none in truth: we only began or ceased to see "
        "them, as the sources changed."
    )
