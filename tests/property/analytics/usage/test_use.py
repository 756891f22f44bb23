"""One use, stated in each way in which it can be stated, is the same use for every reader.

What each fact tells of is worked out on paper: all tell that the agent acted, all but those of
the agent itself that its key was used, and those that name the resource that the grant was.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.answers.what_if import posture_without
from analytics.assumptions.model import NUMBER
from analytics.debt.owed import debt_of
from analytics.posture import Posture, assess
from analytics.remediation.credential_hubs import credential_hubs
from analytics.remediation.cut import smallest_cut
from analytics.remediation.removal.ended_uses import ended
from analytics.remediation.removal.what_if import removals
from analytics.usage.idle_access import ACCESS, idle_rows
from graph.access import AccessGraph
from graph.schema import AUTHENTICATES_AS, CONTROL, USES
from tests.support.estates.rule_findings import found
from tests.support.estates.side_by_side import in_one_scope, named
from tests.support.estates.small_estates import Estate, ago, together
from tests.support.estates.uses import LONG, OF_AGENT, OF_RESOURCE, WAYS, world
from tests.support.printed import evidence, identities, kpis, stale

DAYS = (5, 60, 120, 250)
SEEN = st.dictionaries(st.sampled_from(sorted(WAYS)), st.sampled_from(DAYS), max_size=4)
NAMES_BOT = (*OF_AGENT, "the agent used the key", "an event of the agent", "a sum of the agent")
NAMES_BOT += ("an event of the agent by its key",)
NAMES_NOBODY = tuple(way for way in WAYS if way not in NAMES_BOT)
TWO = ("bot", "other")


def number(posture: Posture, thing: str) -> int:
    return posture.graph.number(thing)


def active(posture: Posture) -> dict[str, str | None]:
    rows = identities(posture)["identities"]
    return {row["id"]: row["last_active_at"] for row in rows}


def breaks(posture: Posture, item: str) -> bool:
    gone = removals(posture, [item])
    return bool(len(ended(posture, posture_without(posture, [item]), gone)))


def uncut(posture: Posture, agent: str = "bot") -> bool:
    """Return whether used access alone joins the agent and the database."""
    ends = (np.array([number(posture, thing)]) for thing in (agent, "db"))
    return not smallest_cut(posture, *ends, "standing").separable


def unused(posture: Posture) -> bool:
    """Return whether debt holds the one entitlement of each agent for unused."""
    debt = debt_of(posture)
    mine = debt.rows.assumption == NUMBER["necessity"]
    return bool((debt.rows.degree[mine] > 0).any())


def figures(posture: Posture, *names: str) -> list[tuple[float, float]]:
    rows = {row["name"]: (row["numerator"], row["denominator"]) for row in kpis(posture)["kpis"]}
    return [rows[name] for name in names]


@cache
def every_way(ways: tuple[str, ...], agents: tuple[str, ...] = ("bot",), back: int = 0) -> Posture:
    """Judge the worlds of several ways, one beside the other, so many days before."""
    estate = in_one_scope({way: world({way: 5}, agents=agents) for way in ways})
    return estate.posture(estate.at - np.timedelta64(back, "D"))


def like(way: str, ways: Sequence[str]) -> tuple[str, ...]:
    """Return the ways in whose worlds there is a log of events, or in which there is none."""
    return tuple(w for w in ways if w.startswith("an event") == way.startswith("an event"))


@settings(max_examples=30, deadline=None)
@given(SEEN)
def test_every_reader_takes_the_latest_of_all_facts(seen: dict[str, int]) -> None:
    posture = world(seen).posture()
    acted = min(seen.values(), default=None)
    used = min((d for way, d in seen.items() if way not in OF_AGENT), default=LONG)
    granted = min((d for way, d in seen.items() if way in OF_RESOURCE), default=LONG)
    assert active(posture) == {"bot": None if acted is None else ago(acted)}
    dormant = acted is None or acted > 45
    assert bool(found(posture, "TIM-03")) == dormant
    assert bool(found(posture, "CRD-06")) == (used > 45)
    shares = figures(posture, "dormant_share", "idle_credentials")
    assert shares == [(int(dormant), 1), (int(used > 45), 1)]
    assert posture.activity.last_active[number(posture, "K")] == ms(used, known=used < LONG)
    for item in ("bot,USES,K", "K,AUTHENTICATES_AS,svc", "K"):
        assert breaks(posture, item) == (used <= 90), item
    assert breaks(posture, "svc,CAN_ACCESS,db") == (granted <= 90)
    assert uncut(posture) == (granted <= 90)
    assert unused(posture) == (granted > 90)
    assert bool(stale(posture)["paths"]) == (granted > 90)
    kinds = {CONTROL.index(USES): used, CONTROL.index(AUTHENTICATES_AS): used, ACCESS: granted}
    removable = set(idle_rows(posture)["kind"])
    assert removable == {kind for kind, last in kinds.items() if last > 90}
    (state,) = credential_hubs(posture).dependents["use"]
    assert (state == "in_use") == (used <= 90)


def ms(days: float, known: bool) -> int:
    stamp = np.datetime64(ago(days).replace("Z", ""), "ms").astype(np.int64)
    return int(stamp) if known else int(np.iinfo(np.int64).min)


@pytest.mark.parametrize("way", NAMES_NOBODY)
def test_what_one_of_two_did_makes_neither_active_nor_dormant(way: str) -> None:
    posture = every_way(like(way, NAMES_NOBODY), TWO)
    bot, other, svc, key = (named(way, name) for name in (*TWO, "svc", "K"))
    acted = active(posture)
    assert (acted[bot], acted[other]) == (None, None)
    assert found(posture, "TIM-03") == []
    assert figures(posture, "dormant_share") == [(0, 0)]
    assert posture.activity.last_active[number(posture, svc)] == ms(5, known=True)
    uses = credential_hubs(posture).dependents
    assert set(uses["use"][uses["credential"] == number(posture, key)]) == {"unknown"}
    (path,) = stale(posture, about=number(posture, bot))["paths"] or [{"state": "none"}]
    assert path["state"] in ("none", "unused_since_granted")


@pytest.mark.parametrize("way", NAMES_BOT)
def test_what_the_one_did_leaves_the_other_dormant(way: str) -> None:
    ways = like(way, NAMES_BOT)
    posture, acted = every_way(ways, TWO), active(every_way(ways, TWO))
    assert [acted[named(way, agent)] for agent in TWO] == [ago(5), None]
    dormant = {f.subject for f in found(posture, "TIM-03")}
    assert dormant == {named(each, "other") for each in ways}
    assert figures(posture, "dormant_share") == [(len(ways), 2 * len(ways))]


@settings(max_examples=12, deadline=None)
@given(SEEN, st.sampled_from(["same", "again"]))
def test_a_use_told_by_two_sources_is_one(seen: dict[str, int], scope: str) -> None:
    once = world(seen)
    both = together(once, world(seen, scope=scope) if scope == "again" else Estate(scope="same"))
    one, two = once.posture(), assess(AccessGraph.of(both))
    assert active(one) == active(two)
    assert [f.id for f in found(one, "TIM-03")] == [f.id for f in found(two, "TIM-03")]
    names = ("dormant_share", "idle_credentials", "unused_exposure", "evidence_coverage")
    assert figures(one, *names) == figures(two, *names)
    assert states(one) == states(two)
    for item in ("bot,USES,K", "svc,CAN_ACCESS,db"):
        assert breaks(one, item) == breaks(two, item)


def states(posture: Posture) -> dict[str, int]:
    counts: dict[str, int] = evidence(posture)["states"]
    return counts


@pytest.mark.parametrize("way", WAYS)
def test_nothing_after_the_moment_looked_at_counts(way: str) -> None:
    """Looked at 100 days before, the use of 5 days ago is not known, nor is idleness."""
    posture = every_way(like(way, [*WAYS]), back=100)
    assert active(posture)[named(way, "bot")] is None
    assert states(posture) == dict.fromkeys(states(posture), 0)
    if "event" not in way:
        assert found(posture, "TIM-03") == [], "it may have acted before as well"


@pytest.mark.parametrize(
    ("facts", "alone"),
    [
        ({"expires_at": ago(91)}, True),
        ({"expires_at": ago(89)}, False),  # it may have been used until then
        ({"status": "revoked", "status_at": ago(91)}, True),
        ({"status": "deleted", "deleted_at": ago(91)}, True),
        ({"status": "revoked"}, False),  # nobody says when
        ({"status": "active", "status_at": ago(91)}, False),
    ],
)
def test_whose_key_ended_long_ago_did_not_act(facts: dict[str, str], alone: bool) -> None:
    """The account was used today: by who runs as it, unless the key of another could be."""
    e = Estate().agent("runs", "held").account("svc", last_used_at=ago(0))
    e.thing("Credential", "k", **facts).link("held", "USES", "k").link("runs", "RUNS_AS", "svc")
    posture = e.link("k", "AUTHENTICATES_AS", "svc").posture()
    known = {name: at for name, at in active(posture).items() if name in ("runs", "held")}
    assert known == {"runs": ago(0) if alone else None, "held": None}
