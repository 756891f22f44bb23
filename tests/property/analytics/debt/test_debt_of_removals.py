"""P5: without any key, login, membership, hop, grant or level nobody owes more than before."""

from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.answers.what_if import posture_without
from analytics.debt import debt_of
from graph.schema import DECISION_RECORD, USE_EVENT
from tests.support.estates.debt_estates import NODES, RESOURCES, estates
from tests.support.estates.small_estates import TYPES, Estate, ago

ACCESS = ("USES", "AUTHENTICATES_AS", "RUNS_AS", "MEMBER_OF", "ASSUMES", "CAN_ACCESS")
PICK = st.lists(st.integers(0, 10_000), min_size=1, max_size=3)
EVENT = st.tuples(
    st.sampled_from(["a0", "a1", "s0", "s1", "s2", "k0"]),
    st.sampled_from(RESOURCES),
    st.sampled_from(["read", "write"]),
    st.sampled_from([None, "k0", "k1"]),
    st.integers(0, 120),
)


@st.composite
def worlds(draw: st.DrawFn) -> Estate:
    """Draw an estate; its accounts may have no agent but those that log in, and uses are seen."""
    e = draw(estates())
    if draw(st.booleans()):
        e.rows[TYPES["RUNS_AS"]] = [
            row for row in e.rows[TYPES["RUNS_AS"]] if row["source_id"] not in ("w0", "w1")
        ]
    for n, (who, what, level, key, age) in enumerate(draw(st.lists(EVENT, max_size=4))):
        facts = {"resource": what, "action": level}
        e.add(USE_EVENT, id=f"use-{n}", at=ago(age), principal=who, level=level, credential=key,
              outcome="success", **facts)  # fmt: skip
        if draw(st.booleans()):
            e.add(DECISION_RECORD, id=f"decision-{n}", at=ago(age + 0.001), subject=who,
                  decision="allow", policy_id="p", **facts)  # fmt: skip
    return e


def items(estate: Estate) -> list[str]:
    """Return what can be removed: keys, and relationships that give access."""
    links = [
        f"{row['source_id']},{element.name},{row['target_id']}"
        for element, rows in estate.rows.items()
        if element.name in ACCESS
        for row in rows
        if row["target_id"] != "m0"  # the membership of a team is no access: it names owners
    ]
    return [*dict.fromkeys(links), *(n for n, label in NODES.items() if label == "Credential")]


@settings(max_examples=60)
@given(worlds(), PICK)
def test_debt_and_reach_never_rise_by_removing_access(estate, picks):
    choices, posture = items(estate), estate.quick()
    chosen = list(dict.fromkeys(choices[p % len(choices)] for p in picks))
    after = posture_without(posture, chosen)
    assert debt_of(after).debt.sum() <= debt_of(posture).debt.sum() * (1 + 1e-9) + 1e-9, chosen
    before = dict(zip(posture.accountable.tolist(), posture.totals().weighted, strict=True))
    ids = posture.graph.ids.to_pylist()
    for number, weighted in zip(after.accountable.tolist(), after.totals().weighted, strict=True):
        name = after.graph.ids[number].as_py()
        assert weighted <= before[ids.index(name)] + 1e-9, (name, chosen)
