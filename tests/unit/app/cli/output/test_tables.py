"""What a terminal shows: plain text, whatever names hold."""

import pytest

from app.cli.output.columns import Shown
from app.cli.output.tables import draw

ORPHANS = {
    "orphaned": {"identity": "identity", "role": "role", "rule": "rule", "since": "since"},
}
HOSTILE = (
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "a\rb",
    "one\ntwo",
    "invoice\u202etob",
    "\x00",
    "\x9b31m",
    "zero\u200bwidth",
)


def _document(result, left_out=0, unknown=()):
    return {
        "snapshot": "000001-abc",
        "as_of": "2026-08-01T00:00:00Z",
        "coverage": {"sources": [], "unknown": list(unknown)},
        "left_out": left_out,
        "result": result,
    }


def _drawn(capsys, result, **more) -> str:
    draw(_document(result, **more), Shown(columns=ORPHANS))
    return capsys.readouterr().out


def _thing(name):
    return {"id": "x", "label": "Agent", "name": name}


@pytest.mark.parametrize("name", HOSTILE)
def test_control_characters_are_shown_not_obeyed(name, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    rows = [{"identity": _thing(name), "role": "business", "rule": name, "since": None}]
    shown = _drawn(capsys, {"orphaned": rows, "start": _thing(name), "notes": [name]})
    assert "<U+" in shown
    assert not [c for c in shown if not c.isprintable() and c != "\n"]


@pytest.mark.parametrize(
    "name", ["[red]x[/red]", "[link=http://x]y[/link]", ":warning:", "[/]", "["]
)
def test_markup_is_text(name, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    shown = _drawn(capsys, {"start": _thing(name), "orphaned": [{"identity": _thing(name)}]})
    assert shown.count(name) == 2


def test_absent_facts_flags_and_figures(capsys):
    shown = _drawn(capsys, {"a": None, "b": True, "c": 1234567, "d": 1234.5, "e": 0.1, "f": []})
    lines = [line.split() for line in shown.splitlines()[2:]]
    assert lines == [["b", "yes"], ["c", "1,234,567"], ["d", "1,234.5"], ["e", "0.1"]]


def test_a_cut_list_and_the_unknown_are_told(capsys):
    shown = _drawn(capsys, {}, left_out=1234, unknown=["owners: no source declares them"])
    assert "1,234 more; --limit 0 shows all" in shown
    assert "not known: owners: no source declares them" in shown


def test_an_empty_answer_still_names_its_snapshot(capsys):
    assert "000001-abc" in _drawn(capsys, {"orphaned": []})


def test_no_row_is_lost_in_a_narrow_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    rows = [{"identity": _thing(f"agent-{i}"), "role": "business"} for i in range(30)]
    shown = _drawn(capsys, {"orphaned": rows})
    assert all(f"agent-{i}" in shown for i in range(30))
