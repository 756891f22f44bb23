"""Blueprints at random: whoever holds one reaches what the agents made from it reach (rule E6)."""

import hypothesis.strategies as st
import pandas as pd
from hypothesis import given, settings

from tests.support.estates.small_estates import Estate
from tests.support.printed import blast_radius, choke_points, debt, kpis
from tests.support.printed import findings as findings_answer

NAMES = tuple("abcde")
ids = st.sampled_from([*NAMES, "nobody"])
made_from = st.dictionaries(st.sampled_from(NAMES), ids, max_size=5)
granted = st.sets(st.tuples(st.sampled_from(NAMES), st.sampled_from(["r", "s", "t"])), max_size=6)


def reached(start, made, grants):
    """Follow blueprints to their agents by hand, then list the resources granted on the way."""
    open_ones, seen = [start], {start}
    while open_ones:
        one = open_ones.pop()
        children = {agent for agent, blueprint in made.items() if blueprint == one} - seen
        seen |= children
        open_ones += children
    return {resource for holder, resource in grants if holder in seen}


@settings(max_examples=25)
@given(made_from, granted, st.sampled_from(["", "entra:"]))
def test_a_blueprint_reaches_what_is_made_from_it(made, grants, prefix):
    """Chains, loops and blueprints that nobody states included, and every answer is given."""
    e = Estate(declares=("owners", "grants"))
    for resource in "rst":
        e.resource(resource)
    for name in NAMES:
        e.agent(prefix + name, blueprint_id=prefix + made[name] if name in made else None)
    for holder, resource in sorted(grants):
        e.can(prefix + holder, "read", resource)
    posture = e.posture()
    for name in NAMES:
        found = blast_radius(posture, posture.graph.find(prefix + name))["resources"]
        assert {r["id"] for r in found} == reached(name, made, grants)
    findings = findings_answer(posture)["findings"]
    gaining = {f["subject"]["id"] for f in findings if f["rule"] == "LPR-04"}
    more = {n for n in NAMES if reached(n, made, grants) > reached(n, {}, grants)}
    assert gaining == {prefix + name for name in more}
    assert kpis(posture)
    choke_points(posture, posture.accountable, posture.graph.numbers(pd.Series(["r"])))
    assert debt(posture)["debt"] >= 0
