"""Trust debt against the plain count of tests/support/references/debt.py, and its laws."""

import json
import random
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

from analytics.assumptions.model import ASSUMPTIONS, NUMBER
from analytics.debt import debt_of, model
from analytics.debt.groups import GROUPINGS
from graph.instants import NEVER
from graph.schema import CAN_ACCESS, DECISION_RECORD, LEVELS, SOD_RULE, USE_EVENT
from tests.support.estates.debt_estates import AGENTS, IDENTITY, NODES, RESOURCES, estates
from tests.support.estates.small_estates import AS_OF, LABELS, TYPES, Estate, ago
from tests.support.printed import debt as debt_answer
from tests.support.printed import identities
from tests.support.references.debt import Reference
from tests.support.references.debt_definition import CAP, owed

DAY_MS = 86_400_000
PICK = st.integers(0, 10_000)
SLACK = 1 + 1e-9
MARKS = "ABCDEFGHIJ"  # how the ids of estates side by side begin

# ---------------------------------------------------------------- what the product says


def listed(posture) -> dict:
    """Return degree (1.0 for any), since (days), principal and debt of each unkept item."""
    debt = debt_of(posture)
    rows, units, ids = debt.rows, debt.units, posture.graph.ids
    grants = posture.graph.frames[CAN_ACCESS]["id"].tolist()
    found = {}
    for k in range(len(rows)):
        u = int(rows.entitlement[k])
        key = (
            ids[int(units.identity[u])].as_py(),
            ASSUMPTIONS[rows.assumption[k]],
            grants[units.grant[u]],
            LEVELS[units.level[u]],
            rows.about[k],
        )
        assert key not in found, f"{key} twice"
        degree = None if np.isnan(rows.degree[k]) else 1.0
        since = None if rows.since[k] == NEVER else rows.since[k] / DAY_MS
        found[key] = degree, since, rows.principal[k], rows.debt[k]
    return found


def by_identity(estate: Estate, at: pd.Timestamp | None = None, but: str = "") -> dict:
    """Return what each identity owes, by its id; `but` leaves out an assumption."""
    posture = estate.quick(at)
    debt = debt_of(posture)
    kept = [k for k, name in enumerate(ASSUMPTIONS) if name != but]
    ids = [posture.graph.ids[int(n)].as_py() for n in debt.identities]
    return dict(zip(ids, debt.debt[:, kept].sum(axis=1).tolist(), strict=True))


def beside(*estates: Estate) -> list[tuple[dict, dict]]:
    """Return what each identity owes in each of some estates, and the most it could, by its id.

    They declare the same and are judged as one: none sees another, as is shown of two copies.
    """
    whole = Estate(declares=estates[0].declares)
    for mark, estate in zip(MARKS, estates, strict=False):
        for element, rows in renamed(estate, lambda text, mark=mark: mark + text).rows.items():
            whole.rows.setdefault(element, []).extend(rows)
    posture = whole.quick()
    debt, ids = debt_of(posture), posture.graph.ids
    parts: list[tuple[dict, dict]] = [({}, {}) for _ in estates]
    for n, *amounts in zip(
        debt.identities, debt.debt.sum(axis=1), debt.applicable.sum(axis=1), strict=True
    ):
        mark, name = ids[int(n)].as_py()[0], ids[int(n)].as_py()[1:]
        for part, amount in zip(parts[MARKS.index(mark)], amounts, strict=True):
            part[name] = float(amount)
    return parts


def copied(estate: Estate) -> Estate:
    other = Estate(declares=estate.declares)
    other.rows = {e: [dict(row) for row in rows] for e, rows in estate.rows.items()}
    return other


def at_most(after: dict, before: dict) -> None:
    """Nobody owes more than before; who was not accountable before is another matter."""
    for identity, amount in before.items():
        assert after.get(identity, 0.0) <= amount * SLACK + 1e-9, identity


# ---------------------------------------------------------------- against the definition


@settings(max_examples=60)
@given(estates(), st.sampled_from([0, 0, 3, 95]))
def test_every_item_is_that_of_the_definition(estate, later):
    at = AS_OF + pd.Timedelta(days=later)
    posture, reference = estate.quick(at), Reference(estate, at)
    expected, everything = {}, reference.items()
    for item in everything:
        if item.degree is None or item.degree:
            unknown = item.degree is None
            since = None if unknown else item.since
            principal = 0.0 if unknown else item.applies * item.degree
            expected[item.key] = (
                None if unknown else 1.0,
                since,
                principal,
                owed(item, reference.now),
            )
    found = listed(posture)
    assert set(found) == set(expected)
    for key, (degree, since, *amounts) in expected.items():
        assert found[key] == (degree, since, *map(pytest.approx, amounts)), key
    debt = debt_of(posture)
    for k, name in enumerate(ASSUMPTIONS):
        mine = [i for i in everything if i.assumption == name]
        assert debt.applicable[:, k].sum() == pytest.approx(sum(i.applies for i in mine)), name
        unknown = sum(i.applies for i in mine if i.degree is None)
        assert debt.unverified[:, k].sum() == pytest.approx(unknown), name


@settings(max_examples=10)
@given(estates())
def test_debt_lies_between_principal_and_its_cap(estate):
    debt = debt_of(estate.quick())
    assert (debt.principal >= 0).all()
    assert (debt.principal <= debt.applicable * SLACK + 1e-9).all()
    assert (debt.principal <= debt.debt * SLACK + 1e-9).all()
    assert (debt.debt <= (1 + CAP) * debt.principal * SLACK + 1e-9).all()


@settings(max_examples=8)
@given(estates())
def test_every_grouping_adds_up_to_the_whole(estate):
    posture = estate.quick()
    whole = debt_answer(posture, items=True)
    for by in GROUPINGS:
        groups = debt_answer(posture, by)["groups"]
        for figure in ("debt", "principal", "interest_per_day", "max_principal", "unverified"):
            assert sum(g[figure] for g in groups) == pytest.approx(whole[figure]), (by, figure)
    for figure in ("debt", "principal", "interest_per_day", "unverified"):
        assert sum(i[figure] for i in whole["items"]) == pytest.approx(whole[figure]), figure
    named = [i["debt"] for i in identities(posture)["identities"]]
    assert sum(named) == pytest.approx(whole["debt"])


# ---------------------------------------------------------------- laws


GOVERNED = st.lists(
    st.tuples(
        st.sampled_from(RESOURCES[1:]),
        st.sets(st.sampled_from(LEVELS), min_size=1).map(sorted),
        st.integers(0, 90),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=8)
@given(GOVERNED, st.integers(0, 90), st.floats(0, 10))
def test_a_fully_governed_agent_owes_nothing(grants, key_age, aars):
    e = Estate().person("ann", "bob").thing("Team", "m").account("s", env="prod")
    scope = [{"resource": r, "level": x} for r, levels, _ in grants for x in levels]
    e.agent("a", aars=aars, env="prod", declared_scope=json.dumps(scope), created_at=ago(900))
    for who, role in (("ann", "business"), ("bob", "technical")):
        e.link(who, "OWNS", "a", id=role, role=role)
    e.thing("Credential", "k", storage="vault", strength="strong", created_at=ago(key_age))
    e.link("a", "USES", "k", id="u").link("k", "AUTHENTICATES_AS", "s", id="t")
    for name, kind in zip(
        RESOURCES, ("public", "internal", "confidential", "restricted"), strict=True
    ):
        e.resource(name, kind, env="prod")
    for n, (resource, levels, days) in enumerate(grants):
        used = dict.fromkeys(levels, ago(days))
        e.link("s", "CAN_ACCESS", resource, id=f"g{n}", levels=levels, granted_at=ago(400),
               expires_at=ago(-9), reviewed_at=ago(days), last_used_at=used,
               telemetry="true")  # fmt: skip
    debt = debt_of(e.quick())
    assert (debt.debt.sum(), debt.unverified.sum()) == (0, 0)
    assert debt.applicable.sum() > 0


@settings(max_examples=8)
@given(estates(), PICK)
def test_what_one_owes_is_its_own(estate, pick):
    """What other agents alone have, that is own grants, owners and scopes, changes nothing."""
    owes = by_identity(estate)
    owing = [name for name in AGENTS if owes[name]]
    assume(owing)
    mine = owing[pick % len(owing)]
    before = owes[mine]
    other = copied(estate)
    others = {n for n, label in NODES.items() if label == "Agent"} - {mine}
    spawned_by = {r["source_id"] for r in other.rows.get(TYPES["SPAWNS"], ())}
    for row in other.rows[LABELS["Agent"]]:
        if row["id"] in others:
            row["declared_scope"] = None
    gone = others - spawned_by
    other.rows[TYPES["CAN_ACCESS"]] = [
        r for r in other.rows[TYPES["CAN_ACCESS"]] if r["source_id"] not in others
    ]
    other.rows[TYPES["OWNS"]] = [
        r for r in other.rows.get(TYPES["OWNS"], ()) if r["target_id"] not in gone
    ]
    assert by_identity(other)[mine] == pytest.approx(before)


def removable(estate: Estate) -> list[tuple]:
    """List what access is made of: (element, row, level) that can be taken away.

    Membership of a team is none: it gives nothing but somebody to answer.
    """
    found = []
    for kind in IDENTITY:
        rows = enumerate(estate.rows.get(TYPES[kind], ()))
        found += [(TYPES[kind], n, None) for n, row in rows if row["target_id"] != "m0"]
    for n, row in enumerate(estate.rows[TYPES["CAN_ACCESS"]]):
        found += [(TYPES["CAN_ACCESS"], n, level) for level in (None, *row["levels"])]
    found += [(LABELS["Credential"], n, None) for n in range(3)]
    return found


def without(estate: Estate, gone: tuple) -> Estate:
    element, n, level = gone
    other = copied(estate)
    row = other.rows[element][n]
    if level is not None:
        row["levels"] = [x for x in row["levels"] if x != level]
        return other
    other.rows[element] = [r for k, r in enumerate(other.rows[element]) if k != n]
    if element is LABELS["Credential"]:
        for kind, rows in other.rows.items():
            ends = ("source_id", "target_id")
            other.rows[kind] = [r for r in rows if row["id"] not in [r.get(e) for e in ends]]
    return other


@settings(max_examples=15)
@given(estates(), st.lists(PICK, min_size=2, max_size=2))
def test_taking_access_away_never_adds_debt(estate, picks):
    parts = removable(estate)
    less = [without(estate, parts[pick % len(parts)]) for pick in picks]
    (before, _), *after = beside(estate, *less)
    for owed_then, _ in after:
        at_most(owed_then, before)


@settings(max_examples=6)
@given(estates(), PICK)
def test_the_ratio_against_the_opening_never_rises_by_taking_away(estate, pick):
    parts = removable(estate)
    both = beside(estate, without(estate, parts[pick % len(parts)]))
    (before, most), (left, now) = [(sum(d.values()), sum(m.values())) for d, m in both]
    assume(before)
    assume(set(both[1][0]) <= set(both[0][0]))
    assert left / ((1 + CAP) * max(most, now)) <= before / ((1 + CAP) * most) * SLACK


def fixed(estate: Estate, fix: str, pick: int) -> Estate:
    """Return the estate with one thing put right."""
    e = copied(estate)
    grants, keys = e.rows[TYPES["CAN_ACCESS"]], e.rows[LABELS["Credential"]]
    grant, key, agent = grants[pick % len(grants)], keys[pick % 3], AGENTS[pick % 3]
    if fix == "owner":
        e.person("eve").link(
            "eve", "OWNS", agent, id="new", role=("business", "technical")[pick % 2]
        )
    if fix == "approval":
        grant["reviewed_at"] = ago(0)
    if fix == "review":
        e.thing("Review", "new", decision="approve", decided_at=ago(0))
        e.link("new", "COVERS", agent, id="newer")
    if fix == "expiry" and grant["expires_at"] is None:
        grant["expires_at"] = ago(-30)
    if fix == "rotation":
        key["rotated_at"] = ago(0)
    if fix == "vault":
        key["storage"] = "vault"
    if fix == "strength":
        key["strength"] = "strong"
    if fix == "use":
        level = grant["levels"][pick % len(grant["levels"])]
        e.add(USE_EVENT, id="u", at=ago(0.001), principal=agent, resource=grant["target_id"],
              level=level, action=level, outcome="success")  # fmt: skip
        e.add(DECISION_RECORD, id="d", at=ago(0.002), subject=agent, action=level,
              resource=grant["target_id"], decision="allow")  # fmt: skip
    return e


FIXES = ("owner", "approval", "review", "expiry", "rotation", "vault", "strength", "use")


@settings(max_examples=40)
@given(estates(), PICK)
def test_putting_something_right_never_adds_debt(estate, pick):
    """What is used and decided is logged for all, so the estate with that is judged by itself."""
    (before, _), *after = beside(estate, *(fixed(estate, fix, pick) for fix in FIXES[:-1]))
    for fix, (owed_then, _) in zip(FIXES, after, strict=False):
        note(fix)
        at_most(owed_then, before)
    at_most(by_identity(fixed(estate, "use", pick)), before)


@settings(max_examples=10)
@given(estates(), st.integers(1, 200))
def test_waiting_never_lowers_debt(estate, days):
    """But for evidence, which looks back so many days and then forgets."""
    for review in estate.rows.get(LABELS["Review"], ()):
        if review["decided_at"] is not None and review["decided_at"] > ago(0):
            review["decided_at"] = ago(0)
    before = by_identity(estate, but="evidence")
    after = by_identity(estate, AS_OF + pd.Timedelta(days=days), but="evidence")
    for identity, amount in before.items():
        assert after[identity] * SLACK + 1e-9 >= amount


def renamed(estate: Estate, name) -> Estate:
    """Return the estate with other ids."""
    other = copied(estate)
    for rows in other.rows.values():
        for row in rows:
            for field in ("id", "source_id", "target_id", "grant_id", "left_resource",
                          "right_resource", "rule"):  # fmt: skip
                if row.get(field) is not None:
                    row[field] = name(row[field])
            if row.get("declared_scope") is not None:
                entries = json.loads(row["declared_scope"])
                for entry in entries:
                    entry["resource"] = name(entry["resource"])
                row["declared_scope"] = json.dumps(entries)
    return other


@settings(max_examples=8)
@given(estates())
def test_two_copies_owe_twice_as_much(estate):
    """Each copy as much as the one that is alone, by identity."""
    ((owes, most),) = beside(estate)
    for copy in beside(estate, estate):
        assert copy == (pytest.approx(owes), pytest.approx(most))


@settings(max_examples=8)
@given(estates(), st.floats(0.1, 10))
def test_all_sensitivities_scaled_scale_the_debt(estate, factor):
    usual = model()
    scaled = replace(usual, sensitivity=tuple(factor * s for s in usual.sensitivity))
    posture = estate.quick()
    one, other = debt_of(posture), debt_of(posture, scaled)
    assert other.debt == pytest.approx(factor * one.debt)
    assert other.applicable == pytest.approx(factor * one.applicable)
    assert scaled.hash != usual.hash


@settings(max_examples=8)
@given(estates(), PICK)
def test_names_and_the_order_of_rows_change_nothing(estate, seed):
    letters = "abcdefghijklmnopqrstuvwxyz"
    turned = str.maketrans(letters, letters[::-1])  # another order of ids, too
    other = renamed(estate, lambda text: text.translate(turned))
    for rows in other.rows.values():
        random.Random(seed).shuffle(rows)
    other.rows = dict(reversed(other.rows.items()))
    before = {k.translate(turned): v for k, v in by_identity(estate).items()}
    assert by_identity(other) == pytest.approx(before)


@settings(max_examples=8)
@given(estates(), estates(), st.integers(1, 120))
def test_the_change_between_two_days_is_explained_to_the_last_unit(first, second, days):
    """New - retired + accrued + rescored, by the keys of items, which are unique."""
    begun = listed(first.quick())
    later = second.quick(AS_OF + pd.Timedelta(days=days))
    ended = listed(later)
    old = {k: v for k, v in begun.items() if v[3]}
    new = {k: v for k, v in ended.items() if v[3]}
    parts: dict[str, float] = defaultdict(float)
    for key in old.keys() | new.keys():
        if key not in old:
            parts["new"] += new[key][3]
        elif key not in new:
            parts["retired"] -= old[key][3]
        else:
            (_, _, p0, d0), (_, _, p1, d1) = old[key], new[key]
            parts["accrued"] += p0 * (d1 / p1 - d0 / p0)
            parts["rescored"] += (p1 - p0) * d1 / p1
    opening, closing = (sum(v[3] for v in side.values()) for side in (old, new))
    rounding = 1e-12 * (opening + closing)  # of sums as large as these
    assert opening + sum(parts.values()) == pytest.approx(closing, abs=rounding)
    assert closing == pytest.approx(debt_of(later).debt.sum())


@settings(max_examples=8)
@given(estates())
def test_a_rule_of_separation_bears_the_lighter_side_once(estate):
    rules = estate.rows.get(SOD_RULE, ())
    assume(rules)
    debt = debt_of(estate.quick())
    k = NUMBER["sod"]
    assert debt.principal[:, k] == pytest.approx(debt.applicable[:, k])
