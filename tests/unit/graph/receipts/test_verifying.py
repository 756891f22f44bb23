"""A file of chained records: whole, and broken in every way that one change can."""

import contextlib
import io
import json
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from graph.files.regular import InputRefused
from graph.journal.hash_chain import chained
from graph.receipts.chains import Chains
from graph.receipts.claims import Link
from graph.receipts.keys import KeyRing, key_ring_of
from graph.receipts.reading import UnknownFormat
from graph.receipts.verifying import Verified, verify
from tests.support.chains import RECORDS, plainly
from tests.support.signing import compact, ed25519_key, jwk

NO_KEYS = KeyRing()
NOW = datetime(2026, 8, 1, tzinfo=UTC)


def lines(records: list[dict]) -> list[str]:
    return [json.dumps(r) + "\n" for r in records]


def verified(lines: list[str] | str, ring: KeyRing = NO_KEYS) -> Verified:
    text = lines if isinstance(lines, str) else "".join(lines)
    data = text.encode("utf-8", "surrogateescape")
    return verify(io.BytesIO(data), Path("d.jsonl"), ring, now=NOW)


def summary(lines: list[str] | str) -> tuple[int, int | None, str | None]:
    """Return the count of records, the first that is broken, and its id."""
    result = verified(lines)
    first = result.first_broken
    judged = result.entries[first].judged if first is not None else None
    return len(result.entries), first, judged.id if judged else None


def kinds(lines: list[str] | str) -> list[tuple[int, str]]:
    return [(fault.record, fault.kind) for _, fault in verified(lines).faults]


@pytest.mark.parametrize("escape", [False, True])
def test_a_whole_chain(escape):
    """Whoever wrote it may have escaped letters beyond ASCII, or not."""
    assert summary(lines(plainly(RECORDS, escape))) == (5, None, None)
    assert summary([]) == (0, None, None)
    assert summary(["\n", *lines(plainly(RECORDS, escape)), "  \n"]) == (5, None, None)


def _changed(records):
    records[2]["why"] = "month end"


def _key_added(records):
    records[2]["extra"] = None


def _removed(records):
    del records[2]


def _swapped(records):
    records[2], records[3] = records[3], records[2]


def _hashed_anew(records):
    records[2] = next(chained([{"id": "d-2"}]))


def _unhashed(records):
    del records[2]["hash"]


@pytest.mark.parametrize(
    "harm", [_changed, _key_added, _removed, _swapped, _hashed_anew, _unhashed]
)
def test_the_first_break_is_named(harm):
    records = plainly(RECORDS, escape=False)
    harm(records)
    assert summary(lines(records)) == (len(records), 2, records[2]["id"])
    assert verified(lines(records)).entries[2].reasons


@pytest.mark.parametrize(
    "line", ["{", "[]", "null", '"x"', '{"id":1,"id":2}', "\udcff", "[" * 9999]
)
def test_a_line_that_is_no_record_breaks_the_chain(line):
    good = lines(plainly(RECORDS, escape=False))
    assert summary([*good[:3], line + "\n", *good[3:]]) == (6, 3, None)


def test_taking_records_off_the_end_does_not_show():
    """What this cannot see: only a hash kept elsewhere could tell."""
    assert summary(lines(plainly(RECORDS, escape=False))[:3]) == (3, None, None)


def test_the_value_of_a_bit_is_seen():
    """The twin: a reader that compares only the links takes a changed record for whole."""
    records = plainly(RECORDS, escape=False)
    _changed(records)
    linked = all(b["prev_hash"] == a["hash"] for a, b in pairwise(records))
    assert linked
    assert verified(lines(records)).first_broken == 2


# -- formats -----------------------------------------------------------------------------------


CHAIN = list(chained([{"id": "a"}, {"id": "b"}, {"id": "c"}]))
FORMATS = {
    "lines": "\n".join(json.dumps(r) for r in CHAIN),
    "array": json.dumps(CHAIN),
    "array over lines": json.dumps(CHAIN, indent=2),
    "documents over lines": "\n".join(json.dumps(r, indent=2) for r in CHAIN),
    "list in a document of one line": json.dumps({"records": CHAIN}),
    "list in a document": json.dumps({"engine": "x", "records": CHAIN}, indent=2),
}


@pytest.mark.parametrize("text", FORMATS.values(), ids=list(FORMATS))
def test_a_chain_is_whole_in_whatever_way_it_is_written(text):
    assert summary(text) == (3, None, None)


@pytest.mark.parametrize("text", FORMATS.values(), ids=list(FORMATS))
def test_a_changed_record_shows_in_whatever_way_it_is_written(text):
    assert summary(text.replace('"b"', '"x"')) == (3, 1, "x")


def test_one_document_is_one_record():
    assert summary(json.dumps(CHAIN[0], indent=2)) == (1, None, None)
    assert verified(json.dumps(CHAIN[1], indent=2)).first_broken == 0


@pytest.mark.parametrize(
    "text",
    ["id,hash\na,b\n", "# notes", '[{"hash": "x"},', '{"name": "package"}', '[{"id": 1}]', "\x00"],
)
def test_what_is_no_chain_is_no_broken_chain(text):
    with pytest.raises(UnknownFormat, match="format is not known"):
        verified(text)


def test_a_record_with_a_key_twice_breaks_an_array():
    text = json.dumps(CHAIN).replace('"id": "b"', '"id": "b", "id": "b"')
    assert verified(text).first_broken == 1


# -- kinds of breaks -----------------------------------------------------------------------------


def at(day: int, **more: Any) -> dict[str, Any]:
    return {"id": f"d-{day}", "at": f"2026-07-{day:02}T10:00:00Z", **more}


def ordered(records: list[dict], order: list[int]) -> list[str]:
    return lines([records[n] for n in order])


DATED = plainly([at(day) for day in range(1, 7)], escape=False)
BROKEN = {
    "whole": ([0, 1, 2, 3, 4, 5], []),
    "one missing": ([0, 1, 3, 4, 5], [(2, "missing")]),
    "its start missing": ([2, 3, 4, 5], [(0, "missing")]),
    "two missing": ([0, 2, 3, 5], [(1, "missing"), (3, "missing")]),
    "one doubled": ([0, 1, 2, 2, 3, 4, 5], [(3, "doubled")]),
    "the first doubled at the end": ([0, 1, 2, 3, 4, 5, 0], [(6, "doubled")]),
    "two in the wrong order": ([0, 1, 2, 4, 3, 5], [(3, "reordered")]),
    "the last moved before": ([0, 1, 5, 2, 3, 4], [(2, "reordered")]),
    "cut at its end": ([0, 1, 2, 3], []),
}


@pytest.mark.parametrize(("order", "breaks"), BROKEN.values(), ids=list(BROKEN))
def test_each_break_is_named_by_its_kind(order, breaks):
    assert kinds(ordered(DATED, order)) == breaks


@pytest.mark.parametrize("order", [[1, 0, 2, 3, 4, 5], [2, 1, 0, 3, 4, 5], [5, 4, 3, 2, 1, 0]])
def test_a_chain_whose_first_record_comes_late_is_one_chain(order):
    """What waits for a record that comes later tells the chain of it; the head is the last one."""
    (chain,) = verified(ordered(DATED, order)).chains
    assert (chain.records, chain.head) == (6, DATED[5]["hash"])
    other = plainly([{"id": "x"}], escape=False)
    both = verified(lines([*[DATED[n] for n in order], *other])).chains
    assert [each.records for each in both] == [6, 1]


def test_a_record_that_was_changed_is_rewritten():
    records = [dict(record) for record in DATED]
    records[3]["id"] = "d-x"
    assert kinds(lines(records)) == [(3, "rewritten")]


def test_a_record_written_anew_with_its_hash_breaks_what_follows():
    records = [*DATED[:3], *plainly([at(4, why="other")], escape=False), *DATED[4:]]
    assert kinds(lines(records)) == [(3, "rewritten")]
    forged = plainly([at(1), at(2), at(3), at(4, why="other")], escape=False)
    assert kinds(lines([*DATED[:3], forged[3], *DATED[4:]])) == [(4, "missing")]


def test_two_records_that_follow_the_same_are_forked():
    branch = plainly([at(1), at(2), at(3, why="other")], escape=False)
    assert kinds(lines([*DATED, branch[2]])) == [(6, "forked")]


def test_a_record_dated_before_the_one_it_follows_is_back_dated():
    records = plainly([at(1), at(5), at(3), at(6)], escape=False)
    assert kinds(lines(records)) == [(2, "back-dated")]
    same = plainly([at(1), at(1), {"id": "undated"}, at(2)], escape=False)
    assert kinds(lines(same)) == []


def test_a_date_before_that_of_an_earlier_one_shows_past_a_record_without_any():
    records = plainly([at(5), {"id": "undated"}, at(3)], escape=False)
    assert kinds(lines(records)) == [(2, "back-dated")]


def test_a_record_dated_in_the_future_is_named_but_breaks_no_chain():
    records = plainly([at(1), {"id": "d", "at": "2026-08-01T00:04:00Z"}, at(31)], escape=False)
    assert [entry.future for entry in verified(lines(records)).entries] == [False, False, False]
    late = plainly([at(1), {"id": "d", "at": "2027-01-01T00:00:00Z"}], escape=False)
    result = verified(lines(late))
    assert [(entry.future, entry.verdict) for entry in result.entries] == [
        (False, "accept"),
        (True, "accept"),
    ]


OTHER = plainly([{"id": f"o-{n}", "at": f"2026-06-{n:02}T10:00:00Z"} for n in (1, 2, 3)], True)


@pytest.mark.parametrize("apart", [True, False], ids=["one after the other", "alternating"])
def test_two_chains_in_one_file_are_told_apart(apart):
    mixed = (
        [*DATED[:3], *OTHER] if apart else [r for p in zip(DATED, OTHER, strict=False) for r in p]
    )
    result = verified(lines(mixed))
    assert (result.valid, result.first_broken) == (True, None)
    assert [(chain.name, chain.records) for chain in result.chains] == [
        ("chain 1", 3),
        ("chain 2", 3),
    ]
    assert [chain.head for chain in result.chains] == [DATED[2]["hash"], OTHER[2]["hash"]]


def test_the_break_of_one_chain_is_not_that_of_the_other():
    result = verified(lines([*DATED[:3], OTHER[0], OTHER[2], *DATED[3:]]))
    assert [(fault.record, fault.kind) for _, fault in result.faults] == [(4, "missing")]
    assert [(c.name, c.records, len(c.faults)) for c in result.chains] == [
        ("chain 1", 6, 0),
        ("chain 2", 2, 1),
    ]


def test_comparing_with_the_line_before_would_refuse_two_chains():
    """The twin: read as one chain, records of two are no chain."""
    mixed = [r for pair in zip(DATED, OTHER, strict=False) for r in pair]
    assert any(b["prev_hash"] != a["hash"] for a, b in pairwise(mixed))


# -- hostile files -------------------------------------------------------------------------------


def test_a_line_without_end_is_refused_without_reading_it_all(monkeypatch):
    monkeypatch.setenv("TRUSTDEBT_MAX_FILE_BYTES", "2000")
    monkeypatch.setenv("TRUSTDEBT_MAX_LINE_BYTES", "1000")
    with pytest.raises(InputRefused, match="line 1: is longer than 2000 bytes"):
        verified('{"hash": "' + "x" * 3000)
    with pytest.raises(InputRefused, match="line 6: is longer than 1000 bytes"):
        verified([*lines(DATED[:5]), '{"hash": "' + "x" * 3000])


@pytest.mark.parametrize(
    "value",
    ['{"hash": 1e999}', '{"hash": NaN}', '{"hash": ' + "9" * 5000 + "}", '{"hash": "\\ud800"}'],
    ids=["infinite", "NaN", "thousands of digits", "no Unicode"],
)
def test_a_value_that_is_no_json_breaks_the_chain_at_its_place(value):
    assert kinds([*lines(DATED[:2]), value + "\n", *lines(DATED[2:])]) == [(2, "unreadable")]


@pytest.mark.parametrize("signed_first", [True, False], ids=["then hashed", "after it was hashed"])
def test_a_chain_may_be_signed(signed_first):
    key, records = ed25519_key("pdp"), [at(1), at(2)]
    if signed_first:
        for record in records:
            record["signature"] = compact(key, record, detached=True, kid="pdp")
        records = plainly(records, escape=False)
        # What is signed has no link, what is hashed does: the hash covers the signature.
        assert [entry.verdict for entry in verified(lines(records)).entries] == ["unknown"] * 2
        return
    records = plainly(records, escape=False)
    for record in records:
        record["signature"] = compact(key, record, detached=True, kid="pdp")
    ring = key_ring_of({"keys": [jwk(key, "pdp")]}, "keys.json")
    assert verified(lines(records), ring).valid is True
    records[1]["at"] = "2026-07-03T10:00:00Z"
    result = verified(lines(records), ring)
    assert (result.valid, result.first_broken) == (False, 1)


def test_a_record_without_a_signature_at_the_end_of_a_signed_chain_is_open():
    """Who cannot sign can take the last signature off, change its record and hash it anew."""
    key, records = ed25519_key("pdp"), plainly([at(1), at(2), at(3)], escape=False)
    for record in records:
        record["signature"] = compact(key, record, detached=True, kid="pdp")
    ring = key_ring_of({"keys": [jwk(key, "pdp")]}, "keys.json")
    for bared, verdicts in (({1}, ["accept"] * 3), ({2}, ["accept", "accept", "unknown"])):
        bare = [
            {name: value for name, value in record.items() if name != "signature"}
            if number in bared
            else record
            for number, record in enumerate(records)
        ]
        result = verified(lines(bare), ring)
        assert [entry.verdict for entry in result.entries] == verdicts
    assert (result.valid, result.first_broken) == (None, None)
    assert "not signed" in result.entries[2].reasons[0]
    other = plainly([at(1) | {"id": "b1"}, at(2) | {"id": "b2"}], escape=False)
    assert verified(lines([*records, *other]), ring).valid is True


# -- two chains, and very many -------------------------------------------------------------------


def test_a_doubled_record_is_counted_in_its_own_chain():
    """It stands after the records of another chain, and is no record of that one."""
    result = verified(lines([*DATED[:3], *OTHER[:2], DATED[1]]))
    assert [(chain.name, fault.record, fault.kind) for chain, fault in result.faults] == [
        ("chain 1", 5, "doubled")
    ]
    assert [(c.name, c.records) for c in result.chains] == [("chain 1", 4), ("chain 2", 2)]


def test_very_many_chains_take_time_in_proportion():
    """Each record starts a chain, and each comes twice: pairs of chains are never compared."""
    chains = Chains()
    begun = time.process_time()
    for place in range(40_000):
        chains.add(place, Link(f"digest {place % 20_000}", None), None)
    chains.rejoin()
    assert time.process_time() - begun < 3
    assert (len(chains.chains), len(list(chains.faults()))) == (20_000, 20_000)


# -- values that only some readers of JSON take ----------------------------------------------------


FORBIDDEN = {
    "a key twice": '{"a": 1, "a": 2}',
    "no Unicode": '"\\ud800"',
    "infinite": "1e999",
    "no number": "NaN",
    "very deep": "[" * 500 + "]" * 500,
    "as deep as parsers go": "[" * 700 + "]" * 700,
}


@pytest.mark.parametrize("value", FORBIDDEN.values(), ids=list(FORBIDDEN))
@pytest.mark.parametrize("form", ["line", "list", "list in a document"])
def test_a_forbidden_value_within_a_record_breaks_that_record(value, form):
    """The hash of the record is that of another value in its place: null, as a reader may see."""
    records = plainly([at(1), {"id": "b", "why": None}, at(3)], escape=False)
    texts = [json.dumps(record) for record in records]
    texts[1] = texts[1].replace('"why": null', f'"why": {value}')
    assert value in texts[1]
    text = {
        "line": "\n".join(texts),
        "list": f"[{','.join(texts)}]",
        "list in a document": f'{{"records": [{",".join(texts)}], "more": {value}}}',
    }[form]
    assert verified(text).first_broken == 1


@pytest.mark.parametrize("depth", range(900, 1001, 5))
def test_no_depth_is_a_fault(depth):
    record = f'{{"hash": "x", "prev_hash": "y", "why": {"[" * depth}{"]" * depth}}}'
    for text in (f"{json.dumps(CHAIN[0])}\n{record}", f"[{record}]"):
        with contextlib.suppress(UnknownFormat):
            assert verified(text).valid is False


@pytest.mark.parametrize(
    "date", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-01:00", "-1", "", 10**300, -5]
)
def test_a_date_that_no_calendar_has_is_no_date(date):
    (entry,) = verified(lines(plainly([{"id": "a", "at": date}], escape=False))).entries
    assert entry.judged is not None
    assert (entry.verdict, entry.judged.dated) == ("accept", None)
