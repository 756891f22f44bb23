"""Plans: no use breaks, the figures add up, the first step is the best there is."""

from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analytics.remediation.plan.greedy import make_plan
from analytics.remediation.removal.before_and_after import changed, reach_of
from analytics.remediation.removal.ended_uses import ended
from analytics.remediation.removal.what_if import removals
from analytics.usage.activity import lately
from analytics.usage.observed import uses
from graph.schema import AGENT, LEVELS, ROLE, SERVICE_ACCOUNT
from tests.support.estates.small_estates import TYPES, Estate, ago
from tests.support.few_rules import only_rules
from tests.support.printed import plan
from tests.support.references.moved_access import moved
from tests.support.references.reach import CONTROL, Reference, estates

SEEN = st.sampled_from(
    [
        {},
        {},
        {"telemetry": "true"},
        {"telemetry": "true", "age": 400},
        {"telemetry": "true", "age": 400, "used": 200},
        {"used": 3},
    ]
)
ACTING = ["a0", "a1", "s0", "r0", "g0", "h0"]
USE = st.tuples(
    st.sampled_from(ACTING), st.sampled_from(["x0", "x1"]), st.sampled_from(["read", "admin"])
)


@pytest.fixture(autouse=True, scope="module")
def _few_rules() -> Iterator[None]:
    """Keep to one rule: a plan against reach does not depend on what is found."""
    with only_rules("unused_grant"):
        yield


@st.composite
def watched(draw: st.DrawFn) -> Estate:
    """Draw an estate some of whose edges were seen in use, parallel ones alike."""
    estate = draw(estates())
    drawn: dict[tuple, dict] = {}
    for kind in (*CONTROL, "CAN_ACCESS"):
        for row in estate.rows.get(TYPES[kind], []):
            seen = drawn.setdefault((kind, row["source_id"], row["target_id"]), draw(SEEN))
            if "telemetry" in seen:
                row["telemetry"] = "true"
            if "age" in seen:
                row["valid_from"] = ago(seen["age"])
            if "used" in seen:
                at = ago(seen["used"])
                row["last_used_at"] = dict.fromkeys(["read"], at) if kind == "CAN_ACCESS" else at
    for k, (who, what, level) in enumerate(draw(st.lists(USE, max_size=2))):
        estate.link(who, "USED", what, level=level, last_at=ago(2), id=f"u{k}")
    return estate


def less(estate: Estate, gone: set[str]) -> Estate:
    """State the same estate again without the rows of these ids, and without what joins them."""
    left = Estate(at=estate.at, declares=estate.declares)
    for element, rows in estate.rows.items():
        for row in rows:
            if not gone & {row.get("id"), row.get("source_id"), row.get("target_id")}:
                left.add(element, **row)
    return left


def reach(estate: Estate, gone: set[str], names: list[str]) -> float:
    """Return what is reached without some rows, what only moved included."""
    plain = Reference(moved(estate, less(estate, gone)))
    return sum(plain.weigh(plain.reach(name)) for name in names)


def accountable(posture) -> list[str]:
    return [posture.graph.thing(int(n))["id"] for n in posture.accountable]


def breaks(estate: Estate, gone: set[str]) -> bool:
    """Whether a use that was seen fails, or a resource loses its last administrator."""
    left = less(estate, gone)
    admins = [
        Counter(r for _, levels, r, _ in Reference(e, "potential").grants if "admin" in levels)
        for e in (estate, left)
    ]
    if any(admins[0][r] > admins[1][r] == 0 for r in admins[0]):
        return True
    for mode in ("standing", "potential"):
        before, after = Reference(estate, mode), Reference(left, mode)
        for use in estate.rows.get(TYPES["USED"], []):
            pair = use["target_id"], use["level"]
            if pair in before.reach(use["source_id"]) and pair not in after.reach(use["source_id"]):
                return True
    return False


def choices(estate: Estate) -> list[set[str]]:
    """Return what may be removed as one: a credential, or the rows of a type between two.

    None of it was used lately; of a credential, neither is any of its logins.
    """
    kept: set[tuple] = set()
    parts: dict[tuple, set[str]] = {}
    for kind in (*CONTROL, "CAN_ACCESS"):
        for row in estate.rows.get(TYPES[kind], []):
            used = row.get("last_used_at") or ago(900)
            used = used.get("read") if isinstance(used, dict) else used
            ends = part_of(kind, row)
            parts.setdefault(ends, set()).add(ends[1] if len(ends) == 2 else row["id"])
            if used >= ago(90) or row.get("derived"):
                if len(ends) == 2 or used >= ago(90):
                    kept.add(ends)
                else:
                    parts[ends].discard(row["id"])
    return [ids for ends, ids in parts.items() if ids and ends not in kept]


def part_of(kind: str, row: dict) -> tuple:
    """Return what a row goes with: its credential, or all of its type between the same two."""
    if kind == "USES":
        return "Credential", row["target_id"]
    if kind == "AUTHENTICATES_AS":
        return "Credential", row["source_id"]
    return kind, row["source_id"], row["target_id"]


def locked_out(estate: Estate, gone: set[str], active: set[str]) -> bool:
    """Whether an identity that acted lately loses its last login."""
    before, after = logins_of(estate), logins_of(less(estate, gone))
    return any(before[name] and not after[name] - gone for name in active if name in before)


def logins_of(estate: Estate) -> dict[str, set]:
    """Return the logins in force of each identity, read plainly."""
    plain, logins = Reference(estate, "potential"), defaultdict(set)
    for kind in ("USES", "AUTHENTICATES_AS", "RUNS_AS", "ASSUMES"):
        for row in estate.rows.get(TYPES[kind], []):
            if not any(row is edge[3] for edge in plain.edges) or row.get("derived"):
                continue
            source, target = row["source_id"], row["target_id"]
            if kind == "USES" and plain._alive(target):
                logins[source].add(target)
            elif kind == "AUTHENTICATES_AS":
                logins[target].add(source)
            elif kind != "USES":
                login = kind, source, target
                logins[target].add(login)
                if kind == "RUNS_AS":
                    logins[source].add(login)
    return logins


def acting(posture) -> set[str]:
    """Return the agents, accounts and roles that acted lately."""
    mask = lately(posture.graph, posture.activity.node_latest)
    mask &= posture.graph.has_label(AGENT, SERVICE_ACCOUNT, ROLE)
    return {posture.graph.thing(int(number))["id"] for number in mask.nonzero()[0]}


def implied(posture) -> set[tuple[str, str, str]]:
    """Return who used what at which level, also by what somebody else was seen doing."""
    rows, ids = uses(posture), posture.graph.ids.to_pylist()
    rows = rows[rows["level"] >= 0]
    return {(ids[r.identity], ids[r.thing], LEVELS[r.level]) for r in rows.itertuples()}


def allowed(estate: Estate, posture, gone: set[str]) -> bool:
    """Whether nothing breaks, and nobody who acted lately is locked out."""
    left = less(estate, gone)
    for mode in ("standing", "potential"):
        before, after = Reference(estate, mode), Reference(left, mode)
        for who, what, level in implied(posture):
            if (what, level) in before.reach(who) and (what, level) not in after.reach(who):
                return False
    return not breaks(estate, gone) and not locked_out(estate, gone, acting(posture))


@settings(max_examples=80)
@given(watched(), st.integers(1, 4))
def test_a_plan_keeps_its_budget_adds_up_and_breaks_nothing(estate, budget):
    posture = estate.quick()
    made, names = make_plan(posture, budget), accountable(posture)
    assert len(made.steps) <= budget
    gone: set[str] = set()
    left = reach(estate, gone, names)
    for step in made.steps:
        before = left
        gone |= set(step.proposal.change.ids)
        left = reach(estate, gone, names)
        assert step.reach_removed == pytest.approx(before - left)
        assert step.reach_removed > 0
        assert step.breaks.empty
    assert reach_of(made.after) == pytest.approx(left)
    assert allowed(estate, posture, gone)
    if gone:
        every = removals(posture, sorted(gone))
        assert ended(posture, changed(posture, every), every).empty


@settings(max_examples=80)
@given(watched())
def test_the_first_step_is_the_best_of_all(estate):
    posture = estate.quick()
    names = accountable(posture)
    whole = reach(estate, set(), names)
    best = max(
        (whole - reach(estate, g, names) for g in choices(estate) if allowed(estate, posture, g)),
        default=0.0,
    )
    made = make_plan(posture, 1)
    assert sum(step.reach_removed for step in made.steps) == pytest.approx(best)
    assert made.optimum == pytest.approx(best)


@settings(max_examples=100)
@given(watched(), st.integers(1, 4))
def test_the_integer_program_finds_what_trying_every_set_finds(estate, budget):
    posture = estate.quick()
    tried = make_plan(posture, budget)
    assume(tried.because is None)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("analytics.remediation.plan.greedy.SETS", -1)
        solved = make_plan(posture, budget)
    assert solved.because is None or "in a row" in solved.because
    if solved.because is None:
        assert solved.optimum == pytest.approx(tried.optimum)


@settings(max_examples=10)
@given(watched())
def test_no_plan_beats_the_optimum(estate):
    posture = estate.quick()
    made = plan(posture, 2)
    removed = sum(step["reach_removed"] for step in made["steps"])
    if made["optimum"]["because"] is None:
        most = made["optimum"]["reach_removed"]
        assert removed <= most + 1e-6
        assert made["optimum_gap"] == pytest.approx(1 - removed / most if most else 0, abs=1e-9)
        assert 0 <= made["optimum_gap"] <= 1
        pairs = [a | b for a in choices(estate) for b in choices(estate)]
        names = accountable(posture)
        whole = reach(estate, set(), names)
        best = max(
            (whole - reach(estate, g, names) for g in pairs[:60] if allowed(estate, posture, g)),
            default=0.0,
        )
        assert best <= made["optimum"]["reach_removed"] + 1e-6
