"""Any JSON is judged or refused, never a fault; and no changed byte of a record is believed."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.files.regular import InputRefused
from graph.receipts.formats import all_formats
from graph.receipts.keys import key_ring_of
from graph.receipts.reading import UnknownFormat
from graph.receipts.verifying import Verified, verify
from tests.support.chains import plainly
from tests.support.search import some
from tests.support.signing import compact, ed25519_key, jwk

KEY = ed25519_key("pdp")
RING = key_ring_of({"keys": [jwk(KEY, "pdp")]}, "keys.json")
# Every word in quotes in the source of the formats is one that a record may hold.
WORDS = sorted(
    {
        word
        for path in Path("graph/receipts").rglob("*.py")
        for word in re.findall(r'"([a-z][A-Za-z_]+)"', path.read_text(encoding="utf-8"))
    }
)
TOKEN = compact(KEY, {"id": "x"}, kid="pdp")
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["a" * 64, "0" * 64, "ab" * 64, "AA==", "2026-07-01T10:00:00Z", TOKEN, ""])
    | st.sampled_from(WORDS)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5)
    ),
    max_leaves=25,
)
RECORDS = st.dictionaries(st.sampled_from(WORDS), VALUES, min_size=1, max_size=8)


def verified(text: str | bytes) -> Verified | None:
    """Verify a file; None where it is refused as a whole."""
    data = text if isinstance(text, bytes) else text.encode()
    try:
        return verify(io.BytesIO(data), Path("r.json"), RING)
    except (UnknownFormat, InputRefused):
        return None


@settings(max_examples=150, deadline=None)
@given(RECORDS, RECORDS, st.booleans())
def test_any_records_are_judged_or_refused(first, second, lines):
    text = "\n".join(map(json.dumps, (first, second))) if lines else json.dumps([first, second])
    verified(text)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_each_format_judges_whatever_it_recognises(data):
    """A record that has what its format looks for, and anything else besides."""
    base = data.draw(st.sampled_from(BASES))
    verified(json.dumps([{**base, **data.draw(RECORDS)}, {**data.draw(RECORDS), **base}]))


BASES: list[dict[str, Any]] = [
    {"hash": "a" * 64, "prev_hash": "0" * 64},
    {"envelope_sig": "00", "claims": {"check": {}}},
    {"payload": {}, "jws": TOKEN},
    {"signature": "ab" * 64},
    {"chain_artifact": {"hops": [{}]}},
    {"envelope": {"version": "execution-join-ref"}},
    {"envelope": {"anchor_block_time": 1}},
    {"custody_ref": "a" * 64},
    {"restraint_receipt_ref": "a" * 64},
    {"composition_artifact": {}},
    {"verdict": {"issuer_id": 1}},
    {"artifact": {"controls": {}}},
    {"retrieved_chunks": [{}]},
    {"signer_records": [{}]},
    {"parent_chain": [{}], "envelopes": [{}]},
    {"producer_record": {}, "referee_record": {}},
    {"preimage": {"agent_id": 1, "action_type": 2}},
]


ODD: tuple[Any, ...] = (None, True, 7, 1e300, "x", [], [[]], [{"a": {}}], {}, {"a": [1]})


def odd(base: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a record with each word at each level of it, as each odd value."""
    made = []
    for word in WORDS:
        for value in ODD:
            made.append({**base, word: value})
            for name, inner in base.items():
                if isinstance(inner, dict):
                    made.append({**base, name: {**inner, word: value}})
                elif isinstance(inner, list):
                    made.append({**base, name: [{**inner[0], word: value}, {}]})
    return made


@pytest.mark.parametrize("base", BASES, ids=lambda base: "-".join(base))
def test_an_odd_value_anywhere_is_no_fault(base):
    made = odd(base)
    verified(json.dumps(some(made, len(made) * 2 // 7)))  # each value, at each place, of some words


def test_there_is_a_base_for_each_format():
    recognised = {
        next(form.name for form in all_formats().values() if form.recognises(base))
        for base in BASES
    }
    assert recognised == set(all_formats())


FILES = {
    "a chain": "\n".join(
        json.dumps(record, ensure_ascii=False)
        for record in plainly([{"id": "d-1", "why": "mönth"}, {"id": "d-2", "n": 1.5}], False)
    ).encode(),
    "signed": TOKEN.encode(),
    "signed, detached": json.dumps(
        {"id": "x", "n": 1, "jws": compact(KEY, {"id": "x", "n": 1}, detached=True, kid="pdp")}
    ).encode(),
}


@pytest.mark.parametrize("data", FILES.values(), ids=list(FILES))
def test_no_changed_byte_is_believed(data):
    """N of n: each byte of a file is changed in three ways, and none of them is accepted."""
    whole = verified(data)
    assert whole is not None
    assert whole.valid is True
    believed = []
    for place in range(len(data)):
        for bit in (0x01, 0x20, 0x80):
            changed = bytearray(data)
            changed[place] ^= bit
            result = verified(bytes(changed))
            if result is not None and result.valid is True:
                believed.append((place, bit, bytes(changed[max(place - 9, 0) : place + 9])))
    assert believed == []
