"""Answers laid out for a person: what the sentence says, the next commands, and no lost row."""

from typing import Any

import pytest

from analytics.answers.debt import debt
from analytics.answers.orphans import orphans as orphans_of
from analytics.answers.show import show, show_in_order
from analytics.answers.table import as_json
from app.cli.cards.findings import how_many
from app.cli.output.columns import Shown, cell, of_unit
from app.cli.output.tables import draw
from app.wording import brief, rounded
from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import blast_radius


def drawn(
    capsys: pytest.CaptureFixture[str], name: str, result: dict[str, Any], cut: int = 0
) -> str:
    document = {
        "schema": f"trustdebt/{name}/1",
        "snapshot": "000001-abc",
        "as_of": "2026-08-01T00:00:00Z",
        "coverage": {"sources": [], "unknown": []},
        "left_out": cut,
        "result": result,
    }
    draw(document, Shown())
    return capsys.readouterr().out


def thing(name: str) -> dict[str, str]:
    return {"id": name, "label": "Agent", "name": name}


def orphans(*names: str, unknown: int = 0, hidden: int = 0) -> dict[str, Any]:
    """State the answer about some identities, and as many hidden ones, that nobody owns."""
    rows = [
        {
            "identity": thing(name),
            "role": role,
            "rule": "OWN-01",
            "since": None,
            "last_owner": None,
            "debt": 10.0,
        }
        for name in names
        for role in ("business", "technical")
    ]
    return {
        "orphaned": rows,
        "lacking": len(names) + hidden,
        "owed": 20.0 * (len(names) + hidden),
        "would_orphan": [],
        "secrets_to_rotate": [],
        "debt_opening": None,
        "bus_factor": {"people": []},
        "conflicts": [],
        "judged": 9,
        "unknown": unknown,
    }


def test_an_identity_counts_once_whatever_it_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    shown = drawn(capsys, "orphans", orphans("a", "b", unknown=2))
    assert "2 of 7 identities lack an owner; they owe 40 tp. Of 2 more it is unknown" in shown


def test_both_roles_that_nobody_has_are_owed_for(capsys: pytest.CaptureFixture[str]) -> None:
    """What they owe is all that is owed for want of an owner: three roles of two agents."""
    e = Estate().agent("none", "half").person("ann").owned("half", "ann", since=ago(300))
    e.resource("db", "restricted").can("none", "read", "db", granted_at=ago(300))
    posture = e.can("half", "read", "db", granted_at=ago(300)).posture()
    owed = {row["key"]: row["debt"] for row in as_json(debt(posture).groups)}["owner"]
    shown = drawn(capsys, "orphans", as_json(orphans_of(posture)))
    assert f"they owe {brief(owed)} tp." in shown


def test_one_identity_lacks_an_owner(capsys: pytest.CaptureFixture[str]) -> None:
    shown = drawn(capsys, "orphans", orphans("a", unknown=8))
    assert "1 of 1 identity lacks an owner; it owes 20 tp." in shown


def test_no_cell_is_a_python_value() -> None:
    assert cell(("LPR-02", "bot", "db")) == "LPR-02, bot, db"
    assert of_unit(1, "days") == "1 day"


def test_changes_are_asked_for_and_not_said_to_close_all() -> None:
    """A review closes nothing by itself, and what somebody accepted asks for nothing."""
    shown = how_many(3, {"findings": 101, "changes": 61})
    assert shown == "101 findings, and what is open asks for 61 changes; here the 3 worst."


def test_a_cut_list_is_no_count(capsys: pytest.CaptureFixture[str]) -> None:
    shown = drawn(capsys, "orphans", orphans("a", "b", hidden=3), cut=6)
    assert "5 of 9 identities lack an owner; they owe 100 tp." in shown
    assert "6 more; --limit 0 shows all" in shown


def test_the_count_and_the_debt_are_of_all_rows_however_few_are_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Three agents without any owner; two of the six rows are shown."""
    e = Estate().agent("a", "b", "c", kind="workload").resource("db", "restricted")
    for agent in ("a", "b", "c"):
        e.can(agent, "read", "db", granted_at=ago(300))
    answer = orphans_of(e.posture(), limit=2)
    assert (len(answer.orphaned), answer.left_out, answer.lacking) == (2, 4, 3)
    assert answer.owed == pytest.approx(3 * 2 * 15)  # since nobody knows when: no interest
    shown = drawn(capsys, "orphans", as_json(answer), cut=4)
    assert "3 of 3 identities lack an owner; they owe 90 tp." in shown


@pytest.mark.parametrize(
    ("estate", "sentence"),
    [
        (Estate(), "No identity is known that somebody must answer for."),
        (
            Estate(declares=("grants",)).agent("a", "b"),
            "Of 2 identities it is unknown who answers: no source states owners.",
        ),
    ],
)
def test_none_of_none_is_no_answer(
    capsys: pytest.CaptureFixture[str], estate: Estate, sentence: str
) -> None:
    shown = drawn(capsys, "orphans", as_json(orphans_of(estate.posture())))
    assert sentence in shown
    assert "0 of 0" not in shown


def test_a_name_is_quoted_for_the_shell_and_obeyed_by_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = drawn(capsys, "orphans", orphans("a; rm -rf ~ \x1b[31m"))
    assert "attest 'a; rm -rf ~ <U+001B>[31m' --owner PERSON" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("width", ["30", "60", "200"])
def test_no_row_is_lost_however_narrow(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    shown = drawn(capsys, "orphans", orphans(*(f"ag-{n}" for n in range(20))))
    assert all(f"ag-{n}" in shown for n in range(20))


def test_a_diagnosis_says_what_to_mend(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"check": "store", "state": "wrong", "detail": "it is damaged", "mend": "copy it back"}
    shown = drawn(capsys, "doctor", {"ready": False, "checks": [row]})
    assert "1 thing to mend: store." in shown
    assert "to mend it: copy it back" in shown


BOARD: dict[str, Any] = {
    "sentence": "Grade D: key leaked and still opens db.",
    "team": None,
    "standing": {"grade": "D", "rating": "bad", "tdr": 0.13, "tdr_range": [0.13, 0.14]},
    "quarter": {"sentence": "Direction unknown: there is no earlier snapshot."},
    "burn_down": {
        "target": 0.05,
        "today": {"sentence": "Never: debt did not shrink."},
        "delay_sentence": "Waiting 30 days adds 5.0 tp.",
    },
    "with_plan": None,
    "move": {"sentence": "Deactivate key: whoever has it loses 1 resource."},
    "headlines": {
        "starts_are": "agents",
        "starts": 3,
        "not_known": 0,
        "reaching": 2,
        "paths": 3,
        "targets": 2,
        "best": {"frees": 2, "what": "admins can access db"},
    },
    "worst": {
        "order": "The worst first.",
        "identities": [thing("bot") | {"grade": "D", "because": "owes 5 tp"}],
    },
    "teams": None,
    "risks": {"expiries": []},
    "gaps": {"missing": [], "connect": [{"source": "okta", "checks": 3}]},
}


def test_the_board_begins_with_its_sentence_and_the_first_move(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = " ".join(drawn(capsys, "board", BOARD).split())
    assert "key leaked and still opens db. Fix first: Deactivate key: whoever has it" in shown
    assert "agents at a crown jewel 2 of 3" in shown
    assert "trustdebt plan --objective debt" in shown


def test_who_reaches_a_crown_jewel_is_not_known_where_none_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nobody rated any resource, so each may be a crown jewel that somebody reaches."""
    heads = BOARD["headlines"] | {"targets": 0, "reaching": 0, "paths": 0, "best": None}
    shown = " ".join(drawn(capsys, "board", BOARD | {"headlines": heads}).split())
    assert "agents at a crown jewel not known: no crown jewel is known" in shown
    assert "0 of 3" not in shown
    assert "open paths" not in shown


def test_a_board_that_is_not_rated_gives_the_range(capsys: pytest.CaptureFixture[str]) -> None:
    stands = {"grade": "NR", "rating": "not rated", "tdr": 0.02, "tdr_range": [0.02, 0.68]}
    shown = drawn(capsys, "board", BOARD | {"standing": stands, "move": None})
    assert "between 2.0% and 68.0%" in shown
    assert "Fix first" not in shown


def exposure(reaching: int, of: int, not_known: int) -> dict[str, Any]:
    return {
        "resource": thing("db") | {"label": "Resource"},
        "level": None,
        "identities": [],
        "count": reaching,
        "accountable": {"reaching": reaching, "of": of, "not_known": not_known},
        "percent": 100 * reaching / of if of else None,
        "band": None,
    }


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((2, 8, 0), "db is reached by 2 of 8 identities (25.0%);"),
        ((2, 8, 3), "db is reached by 2 of 8 identities (25.0%, 3 more not known);"),
        ((0, 0, 3), "by nobody that is known: of 3 identities it is not known;"),
    ],
)
def test_exposure_is_no_share_of_what_nobody_knows(
    capsys: pytest.CaptureFixture[str], counts: tuple[int, int, int], words: str
) -> None:
    assert words in " ".join(drawn(capsys, "exposure", exposure(*counts)).split())


@pytest.mark.parametrize(
    ("weighted", "paths", "unobservable", "words"),
    [
        (30.0, 5, 2, "3 paths of access were not used for 90 days: without, 50% of all reach"),
        (0.0, 2, 2, "No access is known that nobody used for 90 days. Of 2 paths more nobody"),
        (None, 2, 2, "is not known: no source could have shown it. Of 2 paths more"),
    ],
)
def test_what_nobody_could_see_is_not_called_unused(
    capsys: pytest.CaptureFixture[str],
    weighted: float | None,
    paths: int,
    unobservable: int,
    words: str,
) -> None:
    result = {
        "paths": [],
        "regained": {"weighted": weighted, "of": 60.0, "unobserved": 9.0},
        "over_stale": {"weighted": None, "identities": None},
        "days": 90,
        "counts": {"paths": paths, "unobservable": unobservable},
    }
    assert words in " ".join(drawn(capsys, "stale", result).split())


def what_if(after: float, breaks: int) -> dict[str, Any]:
    figures = {"reach": 200.0, "debt": 50.0, "findings": 3}
    lists = ("removed", "granted", "identities", "lost", "gained", "moved", "breaks")
    return {
        "before": figures,
        "after": figures | {"reach": after},
        "counts": dict.fromkeys(lists, 0) | {"breaks": breaks},
        **{name: [] for name in lists},
    }


@pytest.mark.parametrize(
    ("after", "breaks", "words"),
    [
        (150.0, 2, "All reach falls by 25%; 2 uses that were seen would fail."),
        (250.0, 0, "All reach grows by 25%; no use that was seen would fail."),
        (200.0, 0, "Neither reach nor debt changes; no use that was seen would fail."),
    ],
)
def test_a_change_says_what_it_takes_and_what_it_breaks(
    capsys: pytest.CaptureFixture[str], after: float, breaks: int, words: str
) -> None:
    assert words in " ".join(drawn(capsys, "what-if", what_if(after, breaks)).split())


def test_no_way_is_said_and_not_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    result = {"from": thing("bot"), "to": thing("db"), "levels": [], "paths": []}
    shown = drawn(capsys, "path", result)
    assert "No path from bot to db is known." in shown
    assert "trustdebt blast-radius bot" in shown


@pytest.mark.parametrize(
    ("grade", "tdr", "words"),
    [
        ("D", 0.15, "55 tp are owed for 9 identities, 15.0% of all that could be, at worst 40.0%"),
        ("NR", 0.15, "55 tp are owed for 9 identities, between 15.0% and 40.0%; not rated."),
    ],
)
def test_debt_that_is_not_rated_has_a_range_and_no_grade(
    capsys: pytest.CaptureFixture[str], grade: str, tdr: float, words: str
) -> None:
    result = {
        **{"debt": 55.0, "principal": 5.0, "interest_per_day": 1.0, "unverified": 3.0},
        **{"tdr": tdr, "tdr_range": [tdr, 0.4], "grade": grade, "grade_because": None},
        **{"coverage": 0.5, "accepted": 0.0, "not_known": 0, "identities": 9},
        **{"capped_by": [], "capped_by_left_out": 0, "groups": [], "by": "assumption"},
    }
    assert words in " ".join(drawn(capsys, "debt", result).split())


def little() -> Estate:
    """Build an agent that owes 0.63 tp in all for a grant of 0.375 (list, of public data).

    Scope: 0.75 · 0.375 · (1 + 10/30) = 0.375; standing: 2/3 · 0.375 · (1 + 10/365) = 0.257.
    """
    e = Estate().agent("bot").person("ann").owned("bot", "ann", "ann")
    used = {"telemetry": "true", "last_used_at": {"list": ago(1)}, "granted_at": ago(10)}
    return e.resource("doc", "public").can("bot", "list", "doc", **used)


def test_a_group_of_which_nothing_is_verified_has_no_ratio(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No source sees use, so necessity may be kept or broken: neither 0 % nor all of it."""
    e = Estate(declares=("grants", "owners")).agent("bot").resource("db", "internal")
    answer = as_json(debt(e.can("bot", "read", "db", granted_at=ago(300)).posture()))
    groups = {row["key"]: row for row in answer["groups"]}
    unseen, owned = groups["necessity"], groups["owner"]
    assert (unseen["tdr"], unseen["tdr_range"]) == (None, [0.0, 1.0])
    assert owned["tdr"] == pytest.approx(1 / 5)  # broken, and nobody knows since when
    rows = drawn(capsys, "debt", answer).splitlines()
    (row,) = (row for row in rows if row.strip().startswith("necessity"))
    assert "not known" in row
    assert "0.0 %" not in row


def test_little_debt_is_not_none(capsys: pytest.CaptureFixture[str]) -> None:
    rows = drawn(capsys, "debt", as_json(debt(little().posture()))).splitlines()
    assert next(row for row in rows if row.startswith("scope")).split()[2:5:2] == ["0.4", "<0.1"]
    assert next(row for row in rows if row.startswith("standing")).split()[2] == "0.3"
    assert next(row for row in rows if row.startswith("outlived")).split()[2] == "0"
    assert "grows a day by <0.1 tp" in " ".join(" ".join(rows).split())


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [(10.4, 10.1, "-0.3"), (10.0, 10.01, "+<0.1"), (10.0, 10.0, "+0"), (1200.4, 34.0, "-1,166")],
)
def test_a_small_change_is_not_none(
    capsys: pytest.CaptureFixture[str], before: float, after: float, change: str
) -> None:
    figures = {"reach": before, "debt": 5.0, "findings": 2}
    result = {
        **{"before": figures, "after": figures | {"reach": after}, "removed": [], "granted": []},
        **{name: [] for name in ("breaks", "identities", "lost", "gained", "moved")},
        "counts": dict.fromkeys(("breaks", "identities", "lost", "gained", "moved"), 0),
    }
    rows = drawn(capsys, "what-if", result).splitlines()
    assert next(row for row in rows if row.startswith("reach")).split()[-1] == change


def test_a_use_by_one_of_several_is_perhaps_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Two agents share the key of the account that read: either may have been the one."""
    e = Estate().agent("bot", "bob").account("svc").thing("Credential", "k")
    e.resource("db").can("svc", "read", "db", telemetry="true", last_used_at={"read": ago(3)})
    for agent in ("bot", "bob"):
        e.link(agent, "USES", "k")
    posture = e.link("k", "AUTHENTICATES_AS", "svc").posture()
    result = as_json(show(posture, posture.graph.find("bot")))
    shown = " ".join(drawn(capsys, "show", result).split())
    assert "last use perhaps, not later than 2026-07-29" in shown
    assert "None" not in shown


def test_only_of_a_key_it_is_asked_what_its_leak_opens(capsys: pytest.CaptureFixture[str]) -> None:
    posture = Estate().agent("bot").thing("Credential", "key").link("bot", "USES", "key").posture()
    for name in ("bot", "key"):
        answer = blast_radius(posture, posture.graph.number(name))
        shown = drawn(capsys, "blast-radius", answer)
        assert (f"trustdebt blast-radius {name} --leaked" in shown) == (name == "key")


def test_the_card_of_an_identity_begins_with_its_place_among_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The agent with the leaked key comes before the one that administers the database."""
    e = Estate().agent("wide", "small").account("svc").resource("db", "restricted")
    e.resource("wiki", "internal").can("wide", "admin", "db", granted_at=ago(400))
    e.thing("Credential", "key", status="leaked").link("small", "USES", "key")
    e.link("key", "AUTHENTICATES_AS", "svc").can("svc", "read", "wiki", granted_at=ago(400))
    posture = e.posture()
    result = as_json(show_in_order(posture, posture.graph.find("small")))
    shown = " ".join(drawn(capsys, "show", result).split())
    first = shown.index("Number 1 of 2, the worst first: small holds a leaked credential")
    assert first < shown.index("small is an agent") < shown.index("grade D")
    assert "reaches 1 resource" in shown
    assert f"trust debt {rounded(result['standing']['debt'])} tp" in shown
    key = as_json(show_in_order(posture, posture.graph.find("key")))
    assert key["standing"] is None
    assert "the worst first" not in drawn(capsys, "show", key)


def test_the_card_of_an_unknown_identity_has_no_invented_figure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    posture = Estate(declares=["inventory"]).agent("dark").posture()
    result = as_json(show_in_order(posture, posture.graph.find("dark")))
    shown = " ".join(drawn(capsys, "show", result).split())
    assert "dark no source states what it may use" in shown
    assert "grade not rated trust debt not known reaches not known" in shown
