"""A chain of records: whole, and broken in every way that one change can."""

import hashlib
import json
from itertools import pairwise

import pytest

from graph.journal.hash_chain import FIRST_HASH, UnknownFormat, Verified, chained, verify

RECORDS = [{"id": f"d-{n}", "why": "month énd", "risk": 0.25, "more": [n, None]} for n in range(5)]


def plainly(records: list[dict], escape: bool) -> list[dict]:
    """Link records by the words of the format alone."""
    previous, made = "0" * 64, []
    for record in records:
        whole = {**record, "prev_hash": previous}
        text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=escape)
        previous = hashlib.sha256(text.encode()).hexdigest()
        made.append({**whole, "hash": previous})
    return made


def lines(records: list[dict]) -> list[str]:
    return [json.dumps(r) + "\n" for r in records]


@pytest.mark.parametrize("escape", [False, True])
def test_a_whole_chain(escape):
    """Whoever wrote it may have escaped letters beyond ASCII, or not."""
    assert verify(lines(plainly(RECORDS, escape))) == Verified(5)
    assert verify([]) == Verified(0)
    assert verify(["\n", *lines(plainly(RECORDS, escape)), "  \n"]) == Verified(5)


def test_the_chain_that_is_written_is_the_one_that_is_read():
    assert list(chained(RECORDS)) == plainly(RECORDS, escape=False)
    assert next(chained(RECORDS))["prev_hash"] == FIRST_HASH


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
    found = verify(lines(records))
    assert (found.records, found.first_broken) == (len(records), 2)
    assert found.id == records[2]["id"]
    assert found.reason


@pytest.mark.parametrize(
    "line", ["{", "[]", "null", '"x"', '{"id":1,"id":2}', "\udcff", "[" * 9999]
)
def test_a_line_that_is_no_record_breaks_the_chain(line):
    good = lines(plainly(RECORDS, escape=False))
    found = verify([*good[:3], line, *good[3:]])
    assert (found.records, found.first_broken, found.id) == (6, 3, None)


def test_taking_records_off_the_end_does_not_show():
    """What this cannot see: only a hash kept elsewhere could tell."""
    assert verify(lines(plainly(RECORDS, escape=False))[:3]) == Verified(3)


def test_the_value_of_a_bit_is_seen():
    """The twin: a reader that compares only the links takes a changed record for whole."""
    records = plainly(RECORDS, escape=False)
    _changed(records)
    linked = all(b["prev_hash"] == a["hash"] for a, b in pairwise(records))
    assert linked
    assert verify(lines(records)).first_broken == 2


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
    assert verify(text.splitlines(keepends=True)) == Verified(3)


@pytest.mark.parametrize("text", FORMATS.values(), ids=list(FORMATS))
def test_a_changed_record_shows_in_whatever_way_it_is_written(text):
    found = verify(text.replace('"b"', '"x"').splitlines(keepends=True))
    assert (found.records, found.first_broken, found.id) == (3, 1, "x")


def test_one_document_is_one_record():
    assert verify(json.dumps(CHAIN[0], indent=2).splitlines(keepends=True)) == Verified(1)
    assert verify(json.dumps(CHAIN[1], indent=2).splitlines(keepends=True)).first_broken == 0


@pytest.mark.parametrize(
    "text",
    ["id,hash\na,b\n", "# notes", '[{"hash": "x"},', '{"name": "package"}', '[{"id": 1}]', "\x00"],
)
def test_what_is_no_chain_is_no_broken_chain(text):
    with pytest.raises(UnknownFormat, match="format is not known"):
        verify(text.splitlines(keepends=True))


def test_a_record_with_a_key_twice_breaks_an_array():
    text = json.dumps(CHAIN).replace('"id": "b"', '"id": "b", "id": "b"')
    assert verify([text]).first_broken == 1
