"""Tickets as CSV, JSON and Markdown: complete, stable, and harmless whatever names say."""

import csv
import io
import json
import re
from typing import Any

import pandas as pd
import pytest

from analytics.answers.handed_over import handed_over
from analytics.answers.table import Table, objects
from analytics.answers.tickets import Tickets, tickets
from analytics.posture import Posture
from analytics.remediation.handover import Target
from app.cli.command import envelope
from app.cli.exchange import TICKETS, tickets_text
from app.cli.exchange.tickets import markdown as module
from app.web.views.plan import proposed
from graph.schema import CAN_ACCESS
from tests.support.estates.small_estates import Estate

FIELDS = (
    *("ticket_id", "finding_ids", "severity", "agent", "owner_to_notify", "grant_id", "resource"),
    *("action", "reason", "debt", "interest_per_day", "effort_h", "due", "evidence", "undo"),
    *("command", "place", "refs"),
)
USER = "arn:aws:iam::123456789012:user/bob"
HOSTILE = [
    '=HYPERLINK("http://x")',
    "](javascript:alert(1)) ![x](http://x)",
    "x`y``` \n# Title\n| a | b |",
    "<script>alert(1)</script>",
    "a\x1b[31m\u202eb",
    "@everyone #1 http://x.example",
]


def posture(name: str = "bob") -> Posture:
    e = Estate(source="aws").account(USER, name=name).account(name)
    e.thing("Resource", "db", name=name)
    e.person("ann", name=name).owned(name, "ann", "ann")
    e.can(USER, "read", "db", id="g", grant_id=name, policy_id=f"{USER}/inline/own")
    return e.can(name, "read", "db", id="h", grant_id=name, role_name=name).posture()


def answer(judged: Posture) -> Tickets:
    def node(id_: str) -> dict[str, str]:
        return judged.graph.thing(judged.graph.number(id_))

    other = next(str(i) for i in judged.graph.ids.to_pylist() if i not in (USER, "db", "ann"))
    targets = [
        {"from": node(holder), "relationship": "CAN_ACCESS", "to": node("db"), "ids": [id_]}
        for holder, id_ in ((USER, "g"), (other, "h"))
    ]
    frame = pd.DataFrame(
        {
            "action": ["remove_grant"] * 2,
            "target": objects(targets),
            "findings": objects([[], []]),
            "debt_removed": [1.5, 2.5],
            "interest_removed": [0.25, 0.0],
            "use": ["unused", "not_observable"],
            "owner": objects([None, node("ann")]),
            **handed_over(judged, [("remove_grant", Target(CAN_ACCESS, (i,))) for i in "gh"]),
        }
    )
    return tickets(judged, Table(frame, judged.graph.things))


def text(form: str, judged: Posture) -> str:
    from analytics.answers.table import as_json

    made = answer(judged)
    document = envelope("plan", as_json(made), judged)
    return tickets_text(form, document, made)


def test_the_formats_are_found_by_name() -> None:
    assert set(TICKETS) == {"tickets-csv", "tickets-json", "markdown"}


def test_json_has_every_field() -> None:
    document = json.loads(text("tickets-json", posture()))
    assert document["schema"] == "trustdebt/tickets/1"
    assert document["as_of"] == "2026-08-01T00:00:00Z"
    first, second = document["tickets"]
    assert set(first) == set(FIELDS)
    line = "aws iam delete-user-policy --user-name bob --policy-name own"
    assert (first["command"], first["owner_to_notify"], first["debt"]) == (line, None, 1.5)
    assert (second["command"], second["owner_to_notify"]["id"], second["debt"]) == (
        None,
        "ann",
        2.5,
    )
    assert (first["interest_per_day"], second["interest_per_day"]) == (0.25, 0.0)
    assert "nobody could have seen a use" in second["reason"]
    assert first["due"] is None


def test_csv_has_the_same_rows() -> None:
    rows = list(csv.DictReader(io.StringIO(text("tickets-csv", posture()))))
    assert set(FIELDS) <= set(rows[0])
    listed = json.loads(text("tickets-json", posture()))["tickets"]
    assert [row["ticket_id"] for row in rows] == [row["ticket_id"] for row in listed]
    assert rows[0]["agent"] == USER
    assert rows[0]["command"] == listed[0]["command"]


def test_csv_is_the_same_from_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """No list and no instant in it is in the words of Python."""
    made = answer(posture())
    monkeypatch.setattr(proposed, "written", lambda *_: made)
    shown = proposed._ticket_text(posture(), "debt", 5, "CSV")
    assert shown == text("tickets-csv", posture())
    assert "[" not in shown


def test_markdown_has_a_title_a_command_and_its_undo() -> None:
    first, second = text("markdown", posture()).split("\n---\n")
    assert first.startswith("## Remove grant: bob on bob\n")
    block = "```sh\naws iam delete-user-policy --user-name bob --policy-name own\n```"
    assert block in first
    assert "Owner to notify: nobody" in first
    assert "```" not in second
    assert "Debt removed: 2.5" in second


@pytest.mark.parametrize("form", TICKETS)
def test_the_same_question_has_the_same_text(form: str) -> None:
    assert text(form, posture()) == text(form, posture())


@pytest.mark.parametrize("name", HOSTILE)
def test_no_cell_is_run_by_a_spreadsheet(name: str) -> None:
    rows = csv.reader(io.StringIO(text("tickets-csv", posture(name))))
    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t"))]
    assert not any("\x1b" in cell for cell in cells)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_becomes_markup(name: str) -> None:
    made = text("markdown", posture(name))
    spans = re.compile(r"`[^`\n]*`")
    outside = spans.sub("", re.sub(r"```sh\n.*?\n```", "", made, flags=re.DOTALL))
    bare = re.sub(r"\\.", "", outside)
    tags = {"<details>", "</details>", "<summary>", "</summary>"}
    assert set(re.findall(r"<[^>\s]*>", bare)) <= tags
    assert not re.search(r"\]\(|!\[|`|https?:[^\u2060]|\x1b|\u202e", bare)
    titles = [line for line in made.splitlines() if line.startswith("#")]
    assert len(titles) == 2 * 4


def test_the_twin_without_escaping_a_name_becomes_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "markdown", lambda name, limit=0: str(name))
    assert "![x](http://x)" in text("markdown", posture(HOSTILE[1]))


def test_nothing_to_do_says_so() -> None:
    judged = posture()
    empty: dict[str, Any] = {name: [] for name in ("action", "target", "findings")}
    made = tickets(judged, Table(pd.DataFrame(empty), judged.graph.things))
    document = envelope("plan", {"tickets": [], "left_out": 0}, judged)
    assert tickets_text("markdown", document, made) == "No step is left to be taken.\n"
    assert tickets_text("tickets-csv", document, made).startswith('"ticket_id"')
    assert json.loads(tickets_text("tickets-json", document, made))["tickets"] == []
