"""Plans on small random estates against every set of as many removals, each judged plainly."""

import random
from itertools import combinations

import pytest

from analytics.findings.evaluation import find_all
from analytics.posture import Posture
from analytics.remediation.closing.asking import asked
from analytics.remediation.closing.simulated import simulated
from analytics.remediation.plan.greedy import make_plan
from analytics.remediation.removal.additions import together
from analytics.remediation.removal.before_and_after import changed, debt_owed, reach_of
from analytics.usage.idle_access import idle_rows
from graph.schema import CAN_ACCESS
from tests.property.analytics.remediation.test_plan import allowed, choices, less
from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import plan, what_if
from tests.support.references.moved_access import moved, rows_of
from tests.support.references.reach import Reference
from tests.support.search import worlds

SEEDS, CHUNK = worlds(20, 200), 10
AGENTS, ACCOUNTS, KEYS = ("a0", "a1"), ("s0", "s1"), ("k0", "k1")
RESOURCES = {"x0": "internal", "x1": "confidential", "x2": "restricted"}


def world(seed: int) -> Estate:
    """Draw two agents, two accounts, two keys, a role; some of it seen in use, some unobserved."""
    rng, e = random.Random(seed), Estate()
    number = iter(range(100))
    scope = [{"resource": "x0", "level": "read"}]
    for agent in AGENTS:
        owner = rng.choice(["ann", None])
        e.agent(agent, declared_scope=rng.choice([scope, None]), created_at=ago(300), aars=0)
        e.owned(agent, owner, rng.choice(["ann", None]), id=f"o{agent}")
    e.person("ann").account(*ACCOUNTS, created_at=ago(300)).thing("Role", "r0")
    for key in KEYS:
        e.thing("Credential", key, created_at=ago(rng.choice([10, 200])),
                storage=rng.choice(["vault", "code"]), strength="strong")  # fmt: skip
    for name, kind in RESOURCES.items():
        e.resource(name, kind, env="prod")
    ends = [(a, "USES", k) for a in AGENTS for k in KEYS]
    ends += [(k, "AUTHENTICATES_AS", s) for k in KEYS for s in ACCOUNTS]
    ends += [(a, "RUNS_AS", s) for a in AGENTS for s in ACCOUNTS]
    ends += [(s, "ASSUMES", "r0") for s in ACCOUNTS] + [("a0", "SPAWNS", "a1")]
    for source, kind, target in rng.sample(ends, 7):
        e.link(source, kind, target, id=f"e{next(number)}", **_seen(rng, kind))
    holders = [*ACCOUNTS, *ACCOUNTS, "r0", "a0"]
    pairs = {(rng.choice(holders), rng.choice(list(RESOURCES))) for _ in range(4)}
    for holder, resource in sorted(pairs):
        levels = " ".join(rng.sample(["read", "write", "admin"], rng.randint(1, 2)))
        e.can(holder, levels, resource, id=f"g{next(number)}", **_seen(rng, "CAN_ACCESS"))
    if rng.random() < 0.4:
        e.link(rng.choice(AGENTS), "USED", rng.choice(list(RESOURCES)), level="read",
               last_at=ago(3), id="u")  # fmt: skip
    return e


def _seen(rng: random.Random, kind: str) -> dict:
    facts: dict = {"telemetry": rng.choice(["true", "false"]), "valid_from": ago(300)}
    if rng.random() < 0.2:
        at = ago(rng.choice([3, 200]))
        facts["last_used_at"] = {"read": at} if kind == "CAN_ACCESS" else at
    if kind not in ("CAN_ACCESS", "USES", "AUTHENTICATES_AS") and rng.random() < 0.2:
        facts["ceiling"] = rng.choice(["read", "write"])
    return facts


def free(estate: Estate, posture: Posture) -> list[set[str]]:
    """Return what may be removed: what was not lately used, nor may have been.

    That none of it says itself that it was is seen here; what else protects, `test_use` shows.
    """
    rows = idle_rows(posture)
    alone = rows["credential"] < 0
    offered = set(rows["fact"][alone]) | set(
        posture.graph.things["id"].iloc[rows["credential"][~alone]]
    )
    seen = {(r["source_id"], r["target_id"], r["level"]) for r in rows_of(estate, "USED")}
    for row in rows_of(estate, "CAN_ACCESS"):
        held = {(row["source_id"], row["target_id"], level) for level in row["levels"]}
        assert not held & seen or row["id"] not in offered
    assert offered <= set().union(*choices(estate))
    return [ids for ids in choices(estate) if ids <= offered]


def reach(estate: Estate, gone: set[str], names: list[str]) -> float:
    plain = Reference(moved(estate, less(estate, gone)))
    return sum(plain.weigh(plain.reach(name)) for name in names)


@pytest.mark.parametrize("first", range(0, SEEDS // 2, CHUNK))
def test_no_set_of_as_many_removals_takes_away_more_than_the_optimum(first):
    found = 0
    for seed in range(first, first + CHUNK):
        estate = world(seed)
        posture = estate.quick()
        names = [posture.graph.thing(int(n))["id"] for n in posture.accountable]
        whole = reach(estate, set(), names)
        single = free(estate, posture)
        sets = [*single, *(one | other for one, other in combinations(single, 2))]
        gains = [(whole - reach(estate, gone, names), k) for k, gone in enumerate(sets)]
        best = next(
            (g for g, k in sorted(gains)[::-1] if g <= 0 or allowed(estate, posture, sets[k])), 0
        )
        made = make_plan(posture, 2)
        assert made.optimum is None or made.optimum == pytest.approx(max(best, 0.0)), seed
        assert reach_of(posture) == pytest.approx(whole), seed
        assert reach_of(made.after) >= whole - max(best, 0.0) - 1e-6, seed
        found += made.optimum is not None and best > 0
    assert found > CHUNK / 4  # most estates have something to take away


def seen_alike(before: Posture, fresh: Posture) -> bool:
    """Whether what is left was seen in use as before: what was seen stays seen under a removal.

    An estate that never had what is gone may not tell by which of its grants somebody acted.
    """
    uses = []
    for graph, seen in ((p.graph, p.activity) for p in (before, fresh)):
        grants = zip(seen.last_granted.tolist(), seen.grant_latest.tolist(), strict=True)
        nodes = zip(seen.last_active.tolist(), seen.node_latest.tolist(), strict=True)
        names = [*graph.frames[CAN_ACCESS]["id"], *graph.ids.to_pylist()]
        uses.append(dict(zip(names, [*grants, *nodes], strict=True)))
    return all(uses[0][one] == at for one, at in uses[1].items())


@pytest.mark.parametrize("first", range(SEEDS // 2, SEEDS, CHUNK))
def test_a_step_is_worth_what_the_estate_without_it_is(first):
    steps = 0
    for seed in range(first, first + CHUNK):
        estate = world(seed)
        posture = estate.quick()
        made = make_plan(posture, 3)
        gone: set[str] = set()
        before = reach_of(posture), debt_owed(posture)
        for step in made.steps:
            gone |= set(step.proposal.change.ids)
            fresh = moved(estate, less(estate, gone)).quick()
            after = reach_of(fresh), debt_owed(fresh)
            assert step.reach_removed == pytest.approx(before[0] - after[0]), seed
            if not seen_alike(posture, fresh):
                break
            assert step.debt_removed == pytest.approx(before[1] - after[1], abs=1e-6), seed
            assert step.reach_removed > 0, seed
            assert step.debt_removed >= -1e-9 * before[1], seed
            assert step.proposal.observed or step.proposal.verdict != "safe", seed
            assert step.breaks.empty, seed
            before, steps = after, steps + 1
    assert steps > CHUNK / 8


@pytest.mark.parametrize("objective", ["debt", "findings"])
@pytest.mark.parametrize("seed", range(SEEDS // 2, SEEDS, 10))
def test_a_plan_of_changes_pays_off_what_it_says(seed, objective):
    """Whatever is changed: measured once more, from the changes of all steps so far."""
    posture = world(seed).quick()
    made = plan(posture, 4, objective)
    by_id = {change.id: change for change in asked(posture).changes}
    gone: list = []
    added: list = []
    debt = debt_owed(posture)
    for step in made["steps"]:
        change = by_id.get(step["id"])
        if change is None:  # a removal of idle access that no finding asks for
            return
        removals, additions = simulated(posture, change)
        gone, added = [*gone, *removals], [*added, *([additions] if additions else [])]
        after = changed(posture, gone, together(added))
        assert step["debt_removed"] == pytest.approx(debt - debt_owed(after), abs=1e-6)
        assert step["debt_removed"] >= -1e-9 * debt
        assert step["breaks"] == []
        assert step["verdict"] != "safe" or step["observed"]
        debt = debt_owed(after)
    assert made["after"]["debt"] == pytest.approx(debt)


@pytest.mark.parametrize("seed", range(0, SEEDS, 10))
def test_a_plan_shows_the_very_figures_of_its_what_if(seed):
    estate = world(seed)
    posture = estate.quick()
    made = plan(posture, 3)
    gone = {one for step in made["steps"] for one in step["target"]["ids"]}
    if gone:
        answer = what_if(posture, sorted(gone))
        assert (made["before"], made["after"]) == (answer["before"], answer["after"])
        fresh = moved(estate, less(estate, gone)).quick()
        if seen_alike(posture, fresh):
            assert made["after"]["findings"] == len(find_all(fresh))
        for step in made["steps"]:
            alone = what_if(posture, step["target"]["ids"])
            assert alone["lost"] or not alone["moved"]  # never a login that only moves access
