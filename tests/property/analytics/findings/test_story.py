"""The story of findings over snapshots, against a slow telling of the same rules."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analytics.findings.lifecycle.sighting import Sighting
from analytics.findings.lifecycle.story import Step, tell
from graph.facts import Coverage
from tests.support.estates.small_estates import AS_OF

SCOPES = (("aws", "1"), ("hr", "x"))
RULE, NEEDS = "OWN-01", "owners"
SUBJECT = {finding: finding // 2 for finding in range(6)}  # two findings about each thing


@st.composite
def steps(draw: st.DrawFn) -> list[dict[str, object]]:
    """Draw snapshots: who is there, of whom owners could be known, what is found, who reports."""
    made = []
    for _ in range(draw(st.integers(1, 6))):
        here = draw(st.sets(st.integers(0, 2)))
        told = draw(st.sets(st.sampled_from(sorted(here)))) if here else set()
        candidates = [f for f, s in SUBJECT.items() if s in told]
        found = draw(st.sets(st.sampled_from(candidates))) if candidates else set()
        scopes = {}
        for key in SCOPES:
            if draw(st.booleans()):
                declares = (NEEDS,) if draw(st.booleans()) else ()
                scopes[key] = (draw(st.booleans()), declares)
        stating = {s: draw(st.sampled_from([SCOPES[:1], SCOPES[1:], SCOPES])) for s in range(3)}
        made.append(
            {"here": here, "told": told, "found": found, "scopes": scopes, "stating": stating}
        )
    return made


def _step(drawn: dict[str, object]) -> Step:
    found = sorted(drawn["found"])
    groups: list[tuple[str, tuple[tuple[str, str], ...]]] = []
    group = []
    for finding in found:
        one = (RULE, drawn["stating"][SUBJECT[finding]])
        if one not in groups:
            groups.append(one)
        group.append(groups.index(one))
    numbers = {name: np.array(sorted(drawn[name]), np.uint64) for name in ("here", "told")}
    sighting = Sighting(
        np.array(found, np.uint64),
        np.array(group, np.int32),
        np.array([SUBJECT[f] for f in found], np.uint64),
        tuple(groups),
        numbers["here"],
        {NEEDS: numbers["told"]},
        tuple({kind for _, declares in drawn["scopes"].values() for kind in declares}),
    )
    coverage = tuple(
        Coverage(*key, complete, AS_OF, declares)
        for key, (complete, declares) in drawn["scopes"].items()
    )
    return Step(Sighting.decode(sighting.encode()), coverage)


def _slowly(drawn: list[dict[str, object]]) -> dict[int, tuple[int, int, int, int]]:
    """Follow each finding by itself, one snapshot after the other."""
    told = {}
    for finding in SUBJECT:
        first = last = resolved = reopened = -1
        for at, now in enumerate(drawn):
            if finding in now["found"]:
                if resolved >= 0:
                    reopened, resolved = at, -1
                first, last = at if first < 0 else first, at
            elif first >= 0 and resolved < 0 and _would_show(finding, drawn[last], now):
                resolved = at
        if first >= 0:
            told[finding] = (first, last, resolved, reopened)
    return told


def _would_show(finding: int, then: dict[str, object], now: dict[str, object]) -> bool:
    subject = SUBJECT[finding]
    for key in then["stating"][subject]:
        if key not in then["scopes"]:
            continue
        complete, declared = then["scopes"][key]
        if key not in now["scopes"]:
            return False
        still_complete, still_declared = now["scopes"][key]
        if (complete and not still_complete) or (declared and not still_declared):
            return False
    if not any(NEEDS in declares for _, declares in now["scopes"].values()):
        return False
    lost = subject in then["told"] and subject not in now["told"]
    return not (subject in now["here"] and lost)


@given(steps())
def test_the_story_is_what_following_each_finding_gives(drawn):
    story = tell([_step(one) for one in drawn])
    columns = (story.first, story.last, story.resolved, story.reopened)
    rows = zip(*(c.tolist() for c in columns), strict=True)
    assert dict(zip(story.ids.tolist(), rows, strict=True)) == _slowly(drawn)


@given(steps())
def test_less_data_never_resolves(drawn):
    """Whatever is taken from the last snapshot's coverage, nothing more counts as resolved."""
    whole = tell([_step(one) for one in drawn])
    poorer = [*drawn[:-1], drawn[-1] | {"scopes": {}}]
    less = tell([_step(one) for one in poorer])
    last = len(drawn) - 1
    assert not np.any((less.resolved == last) & (whole.resolved != last))
