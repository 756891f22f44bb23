"""Receipts that others published with their verdicts: each comes out as published."""

import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graph.receipts.keys import KeyRing, key_ring_of, read_keys
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
