"""A key on its own, without a mark or a word before it: gone from prose, and digests stay."""

from base64 import b64encode, urlsafe_b64encode
from random import Random
from string import ascii_letters, digits

import pandas as pd
import pytest

from graph.element import Content
from graph.schema import ELEMENTS
from graph.secrets import redact_prose, redact_text
from ingest.source import Request
from ingest.sources import all_sources

PLACES = ["{}", "use {} for now", "it is kept: {}.", "the old one ({}) is gone", "key {}, ask ann"]
MADE = {
    "hexadecimal": lambda some, n: some.randbytes(n // 2).hex(),
    "hexadecimal, capitals": lambda some, n: some.randbytes(n // 2).hex().upper(),
    "letters and digits": lambda some, n: "".join(some.choices(ascii_letters + digits, k=n)),
    "base64": lambda some, n: b64encode(some.randbytes(n * 3 // 4)).decode(),
    "base64 for addresses": lambda some, n: urlsafe_b64encode(some.randbytes(n * 3 // 4)).decode(),
}
LEAST = [  # of 300, by kind and length: what docs/reliability.md says
    *(("hexadecimal", n, 290) for n in (32, 40, 48, 64, 128)),
    *(("hexadecimal, capitals", n, 290) for n in (32, 40, 64)),
    *((kind, n, 250) for kind in list(MADE)[2:] for n in (20, 24)),
    *((kind, n, 280) for kind in list(MADE)[2:] for n in (28, 32, 40, 44, 48, 64)),
]
NAMES = [
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "image app@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "since commit da39a3ee5e6b4b0d3255bfef95601890afd80709, see the ticket",
    "acme/deploy/.github/workflows/d.yml@da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "https://github.com/acme/api/commit/da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "md5 8f14e45fceea167a5a36dedd4bea2543 of the file",
    "thumbprint=9AE6FBC3D1C5A0F8B7D2E4061F3A5C7B9D8E0F12",
    "StringEquals auth.example.com:aud=KwJItGFu62zryEc4c8t5BQuwB1qdeDFa",
    "for 3f2504e0-4f89-41d3-9a0c-0305e82c3301 only",
    "app ExchangeServerApp-0626ac82-7d72-41c7-9e9b-720b27611111",
    "uses AmazonS3ReadOnlyAccess and AWSServiceRoleForAmazonEKSNodegroup2",
    "arn:aws:iam::123456789012:role/PaymentsStack-LambdaFunctionRole3F4A1B2C-1ABCDEFGHIJKL",
    "aws:userid=AROAJQABLZS4A3QDU576Q:*",
    "StringEquals aws:PrincipalOrgID=o-a1b2c3d4e5, sts:ExternalId=acme-monitoring-2024",
    "0xb32DDF43630aa488162eb498b9bccdfF79fecC00 is the account",
    "00000000000000000000000000000000 stands for none",
    "monthly close of the year 2026, for T-381",
    "ByteEncoderTypeFor7BitCharsets",
]  # fmt: skip


def gone(clean, kind: str, length: int) -> int:
    """Return how many of 300 keys, each at a place of its own, are gone without leaving a part."""
    some, count = Random(f"{kind} {length}"), 0
    for n in range(300):
        key = MADE[kind](some, length)
        count += key[:12] not in (said := clean(PLACES[n % len(PLACES)].format(key))) and (
            "[redacted: " in said
        )
    return count


@pytest.mark.parametrize(("kind", "length", "least"), LEAST)
def test_a_key_on_its_own_goes_from_prose(kind: str, length: int, least: int) -> None:
    assert gone(redact_prose, kind, length) >= least


@pytest.mark.parametrize(("kind", "length", "least"), LEAST)
def test_without_the_look_at_bare_words_it_stays(kind: str, length: int, least: int) -> None:
    """The twin, and what holds for names: only random text of forty signs is a key by itself."""
    if kind.startswith("hexadecimal") or length != 40:
        assert gone(redact_text, kind, length) <= 3


@pytest.mark.parametrize("name", NAMES)
def test_names_and_digests_stay(name: str) -> None:
    assert redact_prose(name) == name


def test_what_was_redacted_is_redacted_once() -> None:
    clean = redact_prose(f"use {MADE['base64'](Random(4), 44)} now")
    assert "[redacted: random text " in clean
    assert redact_prose(clean) == clean


def test_two_keys_stay_two() -> None:
    first, other, again = (redact_prose(MADE["hexadecimal"](Random(n), 32)) for n in (1, 2, 1))
    assert first == again != other


REAL = [
    ("aws", "cloudmapper-demo"),
    ("aws", "cloudsplaining-small"),
    ("kubernetes", "kubehound-rbac"),
    ("kubernetes", "cloud-platform-sample"),
    ("a2a", "agent-configs/a2a"),
    ("mcp_config", "agent-configs/clients"),
    ("mcp_registry", "agent-configs/mcp-registry"),
    ("entra", "scubagear"),
]


@pytest.mark.parametrize(("source", "where"), REAL)
def test_no_prose_of_real_exports_turns_to_stars(real_data, source: str, where: str) -> None:
    request = Request((real_data / where,), "demo", pd.Timestamp("2026-08-01", tz="UTC"))
    rows = all_sources()[source].read(request).rows
    for element in ELEMENTS:
        for column in element.columns:
            if column.content is Content.PROSE and element in rows and column.name in rows[element]:
                for said in rows[element][column.name].dropna().unique():
                    assert redact_prose(said) == said
