"""What to ask first, against answering each question in the estate itself."""

from hypothesis import given, settings

from tests.support.estates.small_estates import Estate
from tests.support.printed import blast_radius
from tests.support.references.reach import MODE, START, Reference, estates, number_of

DOUBTS = ("condition", "assumed")


def _facts(estate: Estate) -> dict[str, dict]:
    """Return the uncertain rows by id; each is a question, for none states a policy."""
    return {
        row["id"]: row
        for rows in estate.rows.values()
        for row in rows
        if any(row.get(doubt) for doubt in DOUBTS)
    }


def _fact(row: dict) -> str | None:
    """Return the id of a relationship; things have ids that look alike."""
    return row["id"] if "source_id" in row else None


def _answered(estate: Estate, holds: set[str], fails: set[str]) -> Estate:
    """Return the estate with some facts made certain and others taken out."""
    other = Estate()
    for element, rows in estate.rows.items():
        other.rows[element] = [
            {k: v for k, v in row.items() if k not in DOUBTS} if _fact(row) in holds else row
            for row in rows
            if _fact(row) not in fails
        ]
    return other


def _weight(estate: Estate, start: str, mode: str) -> float:
    plain = Reference(estate, mode)
    return plain.weigh(plain.reach(start))


def _width(estate: Estate, start: str, mode: str, asked: set[str], every: set[str]) -> float:
    """Return the width that is left, the mean of all asked holding and all failing."""
    possible = _weight(_answered(estate, set(), asked), start, mode)
    confirmed = _weight(_answered(estate, asked, every - asked), start, mode)
    return possible - confirmed


def _merged(estate: Estate) -> dict[str, frozenset[str]]:
    """Return for each uncertain fact all that the same answer is about: equal rows but the id."""
    kinds = {_fact(r): x.name for x, rows in estate.rows.items() for r in rows}
    named = ("source_id", "target_id", *DOUBTS)
    facts = _facts(estate)
    keys = {i: (kinds[i], *(str(row.get(n)) for n in named)) for i, row in facts.items()}
    return {i: frozenset(j for j in facts if keys[j] == keys[i]) for i in facts}


def _check(estate: Estate, start: str, mode: str) -> None:
    posture = estate.quick()
    interval = blast_radius(posture, number_of(posture, start), mode)["interval"]
    every = set(_facts(estate))
    left = _width(estate, start, mode, set(), every)
    assert abs(left - (interval["possible"] - interval["confirmed"])) < 1e-9
    asked: set[str] = set()
    for one in interval["ask"]:
        mine = set(one["edge"]["ids"])
        groups = {g for g in _merged(estate).values() if not g & asked}
        widths = {g: _width(estate, start, mode, asked | g, every) for g in groups}
        full = next(g for g in groups if mine <= g)
        assert abs(one["if_holds"] + one["if_fails"] - (left - widths[full])) < 1e-9
        assert abs(widths[full] - min(widths.values())) < 1e-9
        assert abs(one["shrinks"] - (one["if_holds"] + one["if_fails"]) / 2) < 1e-9
        asked |= full
        left = widths[full]
    narrowed = sum(one["shrinks"] for one in interval["ask"])
    full = interval["possible"] - interval["confirmed"]
    assert narrowed <= full + 1e-9
    if interval["unknowns"] <= 1:
        assert abs(narrowed - full) < 1e-9


@settings(max_examples=40)
@given(estates(), START, MODE)
def test_each_question_is_the_best_of_all_that_are_left(estate, start, mode):
    _check(estate, start, mode)


def _two_doors() -> Estate:
    """Build an agent whose account reads a vault under one of two pairs of conditions."""
    e = Estate().agent("A").account("s", "t").thing("Group", "g", "h").resource("x", "restricted")
    e.link("A", "RUNS_AS", "s", condition="c1").link("s", "MEMBER_OF", "g", condition="c2")
    e.link("A", "RUNS_AS", "t", condition="c3").link("t", "MEMBER_OF", "h", condition="c4")
    return e.can("g", "read", "x").can("h", "read", "x")


def test_where_no_single_answer_helps_the_next_one_does():
    posture = _two_doors().posture()
    interval = blast_radius(posture, number_of(posture, "A"))["interval"]
    assert (interval["confirmed"], interval["possible"], interval["unknowns"]) == (0.0, 30.0, 4)
    shrinks = [one["shrinks"] for one in interval["ask"]]
    # One alone changes nothing. A second shuts both doors, or a third opens one.
    assert shrinks == [0.0, 15.0, 15.0]
    assert sum(shrinks) == interval["possible"] - interval["confirmed"]


def test_grants_of_one_policy_under_one_condition_are_one_question():
    e = Estate().agent("A").account("s").link("A", "RUNS_AS", "s")
    for name, policy in (("x", "p"), ("y", "p"), ("z", "q")):
        e.resource(name, "restricted").can("s", "read", name, policy_id=policy, condition="c")
    posture = e.posture()
    ask = blast_radius(posture, number_of(posture, "A"))["interval"]["ask"]
    assert [len(one["edge"]["ids"]) for one in ask] == [2, 1]
    assert [one["shrinks"] for one in ask] == [60.0, 30.0]
    assert ask[0]["edge"]["condition"] == "c"


def test_a_derived_step_is_asked_about_by_the_fact_it_rests_on():
    e = Estate().agent("A").thing("Credential", "k").account("s").resource("x", "restricted")
    e.resource("store", "public").can("A", "read", "store", condition="c", id="g1")
    e.link("k", "STORED_IN", "store").link("k", "AUTHENTICATES_AS", "s").can("s", "admin", "x")
    posture = e.posture()
    (one,) = blast_radius(posture, number_of(posture, "A"))["interval"]["ask"]
    assert one["edge"]["ids"] == ["g1"]
    assert one["if_fails"] == one["if_holds"] == 301.0


def test_a_fact_with_a_condition_that_was_assumed_too_is_one_question():
    e = Estate().agent("A").thing("Credential", "k").account("s").resource("x", "restricted")
    e.resource("store", "public").can("A", "read", "store", condition="c", assumed="true")
    e.link("k", "STORED_IN", "store").link("k", "AUTHENTICATES_AS", "s").can("s", "admin", "x")
    posture = e.posture()
    found = blast_radius(posture, number_of(posture, "A"))["interval"]
    assert found["unknowns"] == len(found["ask"]) == 1


def test_nothing_is_asked_where_everything_is_known():
    e = Estate().agent("A").resource("x").can("A", "read", "x")
    posture = e.posture()
    found = blast_radius(posture, number_of(posture, "A"))["interval"]
    assert (found["ask"], found["unknowns"]) == ([], 0)
