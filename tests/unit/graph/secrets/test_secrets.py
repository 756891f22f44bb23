"""Secrets go, whatever their kind and however they are written; names and identifiers stay."""

import time

import pyarrow as pa
import pytest

import graph.secrets
from graph.secrets import TOO_LONG, redact_text
from graph.secrets.forms import FORMS
from graph.secrets.sieve import FEW, suspects
from graph.values import MAX_TEXT
from tests.support.hostile.secret_kinds import GROUPS, made
from tests.support.search import searching

SEEDS = range(12)
PLACES = ("{}", "note: {}", "the bot uses {} in production")
KINDS = [(group, name) for group, kinds in GROUPS.items() for name in kinds]

# Of every sort of name and identifier that the sources know; none is a secret.
NAMES = [
    "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0a1b2c3d4e5f6a7b",
    "AWSReservedSSO_DevAdmin_635426549a280cc6",
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db/password-AbCdEf",
    "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com",
    "token.actions.githubusercontent.com:sub=repo:acme/payments:ref:refs/heads/main",
    "StringEquals aws:PrincipalOrgID=o-a1b2c3d4e5, sts:ExternalId=acme-monitoring",
    "PaymentsStack-LambdaFunctionServiceRole3F4A1B2C-1ABCDEFGHIJKL",
    "AKIAIOSFODNN7EXAMPLE",
    "arn:aws:bedrock:eu-west-1:123456789012:agent/AB12CD34EF/action-group/GRP1234567",
    "https://example.com/a:b@c",
    "AROAJQABLZS4A3QDU576Q:session-name",
    "8f14e45fceea167a5a36dedd4bea2543",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "1.3.6.1.4.1.311.20.2.3",
    "projects/acme-prod/serviceAccounts/ci@acme-prod.iam.gserviceaccount.com",
    "//cloudresourcemanager.googleapis.com/projects/1234567890",
    "/subscriptions/3f2504e0-4f89-41d3-9a0c-0305e82c3301/resourceGroups/rg/providers/Microsoft.KeyVault",
    "https://login.microsoftonline.com/3f2504e0-4f89-41d3-9a0c-0305e82c3301/v2.0",
    "https://dev.azure.com/acme/_git/payments",
    "https://host.example:8443/users/ann@example.com",
    "git@github.com:acme/payments.git",
    "system:serviceaccount:kube-system:bootstrap-signer",
    "github:repo/acme/token-service",
    "risk-task-desk-sk-learn-models",
    "password-reset-service",
    "Ask-me-anything about secrets, tokens and passwords",
    "Token: rotated by hand every quarter",
    "secret_name=prod-db",
    "password required: yes",
    "MDQ6VXNlcjU4MzIzMQ==",
    "R_kgDOGq0CMw",
    "ServiceAccountTokenCreator",
    "roles/iam.serviceAccountTokenCreator",
    "kms:ViaService=secretsmanager.eu-west-1.amazonaws.com",
    "component:default/payment-api-key-rotation",
    "basic authentication for legacy clients",
    "Bearer of bad news",
    "mail pass-through; keys to the office",
]  # fmt: skip


@pytest.mark.parametrize(("group", "name"), KINDS, ids=lambda said: str(said))
def test_a_secret_goes(group: str, name: str) -> None:
    for seed in SEEDS:
        said, part = made(group, name, seed)
        for place in PLACES:
            clean = redact_text(place.format(said))
            assert part not in clean, clean
            assert "[redacted: " in clean


@pytest.mark.parametrize(("group", "name"), KINDS, ids=lambda said: str(said))
def test_the_sieve_for_columns_lets_it_through_to_be_looked_at(group: str, name: str) -> None:
    texts = {place.format(made(group, name, seed)[0]) for seed in SEEDS for place in PLACES}
    others = [f"Invoice bot {n}" for n in range(FEW)]
    assert set(suspects(pa.array([*sorted(texts), *others])).to_pylist()) == texts


@pytest.mark.parametrize("part", ["_by_forms", "shown_by_context", "split", "encoded"])
def test_without_one_part_its_kinds_stay(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """The twin: each part finds what the others do not."""
    monkeypatch.setattr(graph.secrets, part, lambda *_: [])
    texts = [made(group, name, 1) for group, name in KINDS]
    left = [said for said, secret in texts if secret in graph.secrets._redacted(said)]
    assert left


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stays(name: str) -> None:
    assert redact_text(name) == name


@pytest.mark.parametrize(("group", "name"), KINDS, ids=lambda said: str(said))
def test_what_was_redacted_is_redacted_once(group: str, name: str) -> None:
    for place in PLACES:
        clean = redact_text(place.format(made(group, name, 3)[0]))
        assert redact_text(clean) == clean


def test_two_secrets_stay_two_and_one_stays_one() -> None:
    ids = [f"estate:acme/{made('vendors', 'GitHub', seed)[0]}" for seed in (1, 2, 1)]
    first, other, again = map(redact_text, ids)
    assert first == again != other


def _seconds(text: str) -> float:
    return min(_once(text) for _ in range(3))


def _once(text: str) -> float:
    begun = time.process_time()
    graph.secrets._spans(text)
    return time.process_time() - begun


ENDS = ("aB1", "=")  # after a mark, a day one of them
STARTS = sorted({mark for form in FORMS for mark in form.marks})
LETTERS = ["a", "A1", "=", "\\", '"', " ", "-", "/", ".", "%41", "&#65;", "QUJD", "41", "://", "@"]
HOSTILE = [
    *(
        start * 40 + letter
        for place, start in enumerate(STARTS)
        for letter in (ENDS if searching() else [ENDS[place % 2]])
    ),
    *(f"{word}{letter}" for word in ("password", "token=", "-u", "cookie:") for letter in LETTERS),
    *LETTERS,
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_time_grows_with_the_text_and_no_faster(piece: str) -> None:
    """Four times the text takes four times as long; twice that is allowed for what else runs."""
    long = (piece * 64_000)[:32_000]
    if _once(long) < 0.02:
        return  # which is allowed of any text
    short = _seconds((piece * 16_000)[:8_000])
    assert _seconds(long) < 8 * short + 0.02


def test_a_text_that_is_too_long_is_not_searched_but_replaced() -> None:
    """To search it takes long, and to keep it unsearched would keep what is in it."""
    text = "ghp_" + "a" * 36 + " " + "x" * MAX_TEXT
    assert redact_text(text) == TOO_LONG
    assert redact_text("x " * (MAX_TEXT // 2)) != TOO_LONG
