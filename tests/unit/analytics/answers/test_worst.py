"""The one order of worst: alarms, then debt, then what is unverified, then reach."""

import numpy as np

from analytics.answers.identities import identities
from analytics.answers.show import show, show_in_order
from analytics.answers.standing import standing_of
from analytics.answers.table import as_json
from analytics.answers.worst import LEAKED, UNKNOWN, worst, worst_first
from analytics.posture import Posture, assess
from graph.access import AccessGraph
from tests.support.estates.small_estates import Estate, ago, together


def three(status: str) -> Estate:
    """State `wide`, which administers a database, `small`, which reads a wiki by a key, `idle`."""
    estate = Estate().agent("wide", "small", "idle", status="active")
    estate.account("svc-wide", "svc-small").resource("db", "restricted").resource(
        "wiki", "internal"
    )
    estate.link("wide", "RUNS_AS", "svc-wide").can("svc-wide", "admin", "db", granted_at=ago(400))
    estate.thing("Credential", "key", status=status)
    estate.link("small", "USES", "key").link("key", "AUTHENTICATES_AS", "svc-small")
    return estate.can("svc-small", "read", "wiki", granted_at=ago(400))


def order(posture: Posture) -> list[str]:
    return [row["id"] for row in as_json(worst(posture))["identities"]]


def test_a_leaked_key_comes_before_a_larger_debt() -> None:
    rows = as_json(worst(three("leaked").posture()))["identities"]
    assert [row["id"] for row in rows] == ["small", "wide", "idle"]
    assert rows[0]["because"] == LEAKED
    assert rows[0]["debt"] < rows[1]["debt"]
    assert [row["rank"] for row in rows] == [1, 2, 3]


def test_without_it_the_larger_debt_comes_first() -> None:
    """The twin: the same estate with the key in order."""
    assert order(three("active").posture()) == ["wide", "small", "idle"]


def test_reach_alone_does_not_decide() -> None:
    posture = three("leaked").posture()
    by_reach = posture.accountable[np.argsort(-posture.totals().weighted, kind="stable")]
    assert posture.graph.thing(int(by_reach[0]))["id"] == "wide"
    assert order(posture)[0] == "small"


def test_whoever_is_unknown_comes_last_and_is_counted() -> None:
    dark = Estate(declares=["inventory"], source="clients").agent("dark")
    light = Estate().agent("light").resource("r", "restricted").can("light", "read", "r")
    posture = assess(AccessGraph.of(together(light, dark)))
    answer = worst(posture)
    rows = as_json(answer)["identities"]
    assert [row["id"] for row in rows] == ["light", "dark"]
    assert (rows[1]["because"], rows[1]["debt"]) == (UNKNOWN, None)
    assert answer.not_known == 1


def test_the_list_of_identities_has_the_same_order() -> None:
    posture = three("leaked").posture()
    listed = [row["id"] for row in as_json(identities(posture))["identities"]]
    assert listed == order(posture)
    assert [
        posture.graph.thing(int(posture.accountable[n]))["id"] for n in worst_first(posture)
    ] == (listed)


def test_some_of_them_keep_their_order() -> None:
    posture = three("leaked").posture()
    places = np.flatnonzero(posture.accountable != posture.graph.number("small"))
    rows = as_json(worst(posture, among=places))["identities"]
    assert [(row["rank"], row["id"]) for row in rows] == [(1, "wide"), (2, "idle")]
    assert as_json(worst(posture, limit=1))["left_out"] == 2


def test_the_standing_of_one_is_its_row_in_the_list() -> None:
    posture = three("leaked").posture()
    graph = posture.graph
    listed = as_json(worst(posture))["identities"]
    for row in listed:
        stands = as_json(standing_of(posture, graph.number(row["id"])))
        assert {name: stands[name] for name in ("rank", "because", "debt", "grade")} == {
            name: row[name] for name in ("rank", "because", "debt", "grade")
        }
        assert stands["of"] == 3
    small = standing_of(posture, graph.number("small"))
    assert small is not None
    assert small.blast_radius is not None
    assert (small.rank, small.because, small.blast_radius.resources) == (1, LEAKED, 1)
    assert standing_of(posture, graph.number("svc-small")) is None, "its agent answers for it"


def test_the_standing_of_whoever_is_unknown_has_no_figures() -> None:
    dark = Estate(declares=["inventory"], source="clients").agent("dark")
    posture = dark.posture()
    stands = standing_of(posture, posture.graph.number("dark"))
    assert stands is not None
    assert (stands.grade, stands.because) == ("NR", UNKNOWN)
    assert (stands.debt, stands.max_debt, stands.blast_radius) == (None, None, None)


def test_only_who_asks_for_the_order_has_all_judged() -> None:
    """A page that shows the facts of a node does without."""
    posture = three("leaked").posture()
    number = posture.graph.number("small")
    assert show(posture, number).standing is None
    assert show_in_order(posture, number).standing == standing_of(posture, number)
