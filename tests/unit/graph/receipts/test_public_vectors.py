"""Receipts that others published with their verdicts: each comes out as published."""

import base64
import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graph.receipts.keys import KeyRing, key_ring_of, read_keys
from graph.receipts.reading import UnknownFormat
from graph.receipts.verifying import Verified, verify

ROOT = Path(os.environ.get("TRUSTDEBT_REAL_DATA", "")) / "receipts"
if not os.environ.get("TRUSTDEBT_REAL_DATA") or not ROOT.is_dir():
    pytest.skip(
        "NO PUBLIC RECEIPTS: set TRUSTDEBT_REAL_DATA to the folder that holds receipts/",
        allow_module_level=True,
    )
RCL = ROOT / "rcl"
BUNDLE = RCL / "rcl-oracle-fixtures.v1.json"
AGENTTRUST = ROOT / "argentum" / "agenttrust-v1"


def document(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def verified(path: Path, keys: KeyRing, at: datetime | None = None) -> Verified:
    with path.open("rb") as stream:
        return verify(stream, path, keys, at)


def keys_of_bundle() -> KeyRing:
    return key_ring_of({"public_keys": document(BUNDLE)["public_keys"]}, "keys.json")


def test_rcl_as_one_file():
    published = [case["expected"]["verdict"] for case in document(BUNDLE)["fixtures"]]
    assert len(published) == 11
    entries = verified(BUNDLE, keys_of_bundle()).entries
    assert [entry.verdict for entry in entries] == published


def test_rcl_names_the_claim_that_fails():
    names = {
        "occurrence": "occurred",
        "authorization": "authorised",
        "check_execution": "checked",
        None: None,
    }
    for case, entry in zip(
        document(BUNDLE)["fixtures"], verified(BUNDLE, keys_of_bundle()).entries, strict=True
    ):
        failed = [reason.split(":")[0] for reason in entry.reasons]
        wanted = names[case["expected"]["claim_family"]]
        assert failed == ([wanted] if wanted else []), case["id"]


@pytest.mark.parametrize("path", sorted(RCL.glob("RCL-*.json")), ids=lambda path: path.stem)
def test_rcl_one_by_one(path):
    at = datetime.fromtimestamp(document(BUNDLE)["evaluation_time"], UTC)
    (entry,) = verified(path, keys_of_bundle(), at).entries
    assert entry.verdict == document(path)["expected_result"]


def test_rcl_without_keys_refuses_what_is_refused_and_leaves_the_rest_open():
    published = [case["expected"]["verdict"] for case in document(BUNDLE)["fixtures"]]
    states = [entry.verdict for entry in verified(BUNDLE, KeyRing()).entries]
    assert states == ["unknown" if verdict == "accept" else "reject" for verdict in published]


def test_agenttrust():
    keys = read_keys([AGENTTRUST / "jwks-agenttrust.json"])
    cases = document(AGENTTRUST / "vectors.json")
    for verdict in ("accept", "reject"):
        for case in cases[f"{verdict}_vectors"]:
            parts = {
                "payload": document(AGENTTRUST / case["payload_file"]),
                "jws": document(AGENTTRUST / case["jws_file"]),
            }
            stream = io.BytesIO(json.dumps(parts).encode())
            (entry,) = verify(stream, Path("case.json"), keys).entries
            assert entry.verdict == verdict, case["id"]


# -- argentum-core ---------------------------------------------------------------------------------

ARGENTUM = ROOT / "argentum"
# Fixtures whose verdicts are about something else than a record: registries, walks, profiles.
NO_RECORDS = {
    "axes-exchange/MANIFEST.json",
    "composed-decision-chain-recompute/vectors.json",
    "disclosure-scoped-ref/vectors.json",
    "governance-block-join-ref-v1/vectors.json",
    "transition-sufficiency-ref-v1/vectors.json",
    "verify-failure-mode-ref-v1/vectors.json",
}
NEGOTIATION = "spec/negotiation-composition-v1.json"
DIFFERENT = {  # what comes out otherwise, and why
    (
        "spec/negotiation-composition-v1.json",
        "negotiation-002-tampered-expires-at-reject",
    ): "accept",
    ("verifier-key-source-ref/vectors.json", "signer-identity-unbound"): "unknown",
    ("wallet-binding-v1/wallet-binding-v1.fixture.json", 6): "reject",
}  # of these, in order: it recomputes, and differs from another record only; that a signer has a
# role stands in no field; its digests are placeholders
ACCEPTED, REFUSED = ("pass", "accept"), ("fail", "reject", "fail-closed")


def published(vector: dict[str, Any]) -> str | None:
    """Return the verdict that a vector states, in whichever words; None if it states none."""
    for name in ("expected", "expected_result", "expect", "expectation"):
        word = str(vector.get(name, "-")).split(maxsplit=1)[0].lower()
        if word in (*ACCEPTED, *REFUSED):
            return "accept" if word in ACCEPTED else "reject"
    for name in ("expect_valid", "conformant"):
        if name in vector:
            return "accept" if vector[name] else "reject"
    return "reject" if vector.get("reject") or "verifier_must" in vector else None


def cases() -> list[tuple[str, int, int | str, str]]:
    """Return each vector with a verdict: its file, its place, its name and the verdict."""
    made: list[tuple[str, int, int | str, str]] = []
    for path in sorted(ARGENTUM.rglob("*.json")):
        name, content = path.relative_to(ARGENTUM).as_posix(), document(path)
        listed = content.get("vectors", [content]) if isinstance(content, dict) else []
        if name in NO_RECORDS or path.parent == AGENTTRUST or not isinstance(listed, list):
            continue
        for place, vector in enumerate(listed):
            verdict = published(vector)
            if verdict is not None:
                made.append((name, place, vector.get("id", vector.get("name", place)), verdict))
    return made


def keys_of(path: Path) -> KeyRing:
    """Return the keys that a fixture names, as a user would give them."""
    stated = document(path).get("pubkeys", {})
    named = {name: base64.b64decode(value).hex() for name, value in stated.items()}
    return key_ring_of({"public_keys": named}, "keys.json")


def test_argentum_says_what_it_says():
    """The verdicts are counted, so that a fixture that is passed over shows."""
    verdicts = [verdict for *_, verdict in cases()]
    assert (verdicts.count("accept"), verdicts.count("reject")) == (44, 106)


@pytest.mark.parametrize("name", sorted({name for name, *_ in cases()}))
def test_argentum(name):
    path = ARGENTUM / name
    entries = verified(path, keys_of(path)).entries
    for _, place, id_, verdict in (case for case in cases() if case[0] == name):
        wanted = DIFFERENT.get((name, id_), verdict)
        assert entries[place].verdict == wanted, (id_, entries[place].reasons)


@pytest.mark.parametrize("name", sorted(NO_RECORDS))
def test_what_holds_no_record_is_of_no_known_format(name):
    with pytest.raises(UnknownFormat):
        verified(ARGENTUM / name, KeyRing())


def test_cases_of_governance_are_no_records():
    """The bundle of dgb lists tools and what scanners said of them; nothing in it is signed."""
    with pytest.raises(UnknownFormat):
        verified(ROOT / "dgb" / "dgb-corpus-bundle.v1.json", KeyRing())
