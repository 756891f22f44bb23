"""Nodes of Cartography: dates as its modules write them, states of keys, and whom roles trust.

By https://github.com/cartography-cncf/cartography: `intel/okta/users.py` (dates of Okta),
`models/snowflake/credential.py` and `access_token.py`, and `intel/aws/iam.py` of 0.104 and before,
where a trusted principal is an `AWSPrincipal` that has nothing but its `arn`.
"""

import pandas as pd
import pytest

from graph.schema import ASSUMES, AUTHENTICATES_AS, CREDENTIAL, HUMAN, RESOURCE, TRUSTS
from tests.support.printed import findings

SYNC = 1785542400  # 2026-08-01T00:00:00Z
ROLE = "arn:aws:iam::123456789012:role/open"
JULY = pd.Timestamp("2026-07-09T10:00:00Z")


def node(key, *labels, **properties):
    stamped = {"lastupdated": SYNC, **properties}
    return {"type": "node", "id": key, "labels": list(labels), "properties": stamped}


def trusting(principal):
    role = node("r", "AWSRole", "AWSPrincipal", arn=ROLE, id=ROLE, name="open")
    ends = {"start": {"id": "r"}, "end": {"id": principal["id"]}}
    return role, principal, {"type": "relationship", "label": "TRUSTS_AWS_PRINCIPAL", **ends}


@pytest.mark.parametrize("own", [{}, {"id": "*"}])
def test_a_role_that_trusts_everybody_trusts_anyone(read, own):
    """The node has no id, so it was rejected, the reading was partial and the trust was lost."""
    loaded = read(*trusting(node("p", "AWSPrincipal", arn="*", type="AWS", **own)))
    assert loaded.reasons == []
    assert loaded.one(RESOURCE, id="*")["type"] == "anyone"
    assert [(r["source_id"], r["target_id"]) for r in loaded.rows(TRUSTS)] == [(ROLE, "*")]
    assert loaded.graph.coverage[0].complete
    (opened,) = findings(loaded.posture, rule="ISO-06")["findings"]
    assert opened["subject"]["id"] == ROLE


def test_a_service_is_one_without_a_label_of_its_own(read):
    loaded = read(*trusting(node("p", "AWSPrincipal", arn="ec2.amazonaws.com", type="Service")))
    assert loaded.one(RESOURCE, id="ec2.amazonaws.com")["type"] == "service"
    assert loaded.one(TRUSTS)["workload"]


def test_a_principal_that_is_gone_is_kept_by_its_unique_id(read):
    loaded = read(*trusting(node("p", "AWSPrincipal", arn="AROA" + "A" * 17, type="AWS")))
    assert (loaded.reasons, len(loaded.rows(TRUSTS))) == ([], 1)


@pytest.mark.parametrize(
    "written",
    ["07/09/2026, 10:00:00", "2026-07-09T12:00:00+02:00[Europe/Paris]", "2026-07-09T10:00Z[UTC]"],
)
def test_dates_are_read_as_modules_and_neo4j_write_them(read, written):
    user = node("u", "OktaUser", "UserAccount", id="00u1", email="a@example.com",
                created=written, last_login=written, _ont_lastactivity=written)  # fmt: skip
    loaded = read(user)
    ann = loaded.one(HUMAN)
    assert (ann["created_at"], ann["last_active_at"]) == (JULY, JULY)
    assert loaded.done.warnings == []


@pytest.mark.parametrize(
    ("stated", "sort"),
    [("PASSWORD", "password"), ("PAT", "pat"), ("OIDC", "federated"), ("TOTP", None)],
)
def test_credentials_of_snowflake_say_what_they_are(read, stated, sort):
    """Each was an API key that never ends and was never used."""
    key = read(node("c", "SnowflakeCredential", "APIKey", id="a/c", name="c", status="ACTIVE",
                    credential_type=stated, last_used_on="2026-07-09T10:00:00Z",
                    expiration_date="2026-09-01T00:00:00Z")).one(CREDENTIAL)  # fmt: skip
    assert (key["type"], key["status"], key["last_used_at"]) == (sort, "active", JULY)
    assert key["expires_at"] == pd.Timestamp("2026-09-01", tz="UTC")


@pytest.mark.parametrize("state", ["EXPIRED", "revoked"])
def test_a_token_that_ended_says_so(read, state):
    labels = "SnowflakeProgrammaticAccessToken", "APIKey"
    assert read(node("t", *labels, id="a/t", status=state)).one(CREDENTIAL)["status"] == (
        state.lower()
    )


def test_a_token_of_one_role_does_not_have_all_of_its_user(read):
    """Its restriction was passed over: a leak of it seemed to open all that the user may do."""
    labels = "SnowflakePrincipal", "SnowflakeRole", "PermissionRole"
    ends = (("OWNED_BY", "t", "u"), ("RESTRICTED_TO", "t", "r"), ("OWNED_BY", "w", "u"))
    loaded = read(
        node("u", "SnowflakeServiceUser", "SnowflakePrincipal", "ServiceAccount", id="u", name="U"),
        node("r", *labels, id="r", name="READER"),
        *(node(k, "SnowflakeProgrammaticAccessToken", "APIKey", id=k, name=k) for k in "tw"),
        *({"type": "relationship", "label": label, "start": {"id": a}, "end": {"id": b}}
          for label, a, b in ends),
    )  # fmt: skip
    assert loaded.links(ASSUMES) == {("t", "READER")}
    conditions = {r["source_id"][-1]: r["condition"] for r in loaded.rows(AUTHENTICATES_AS)}
    assert conditions == {"t": "within the one role that it may take", "w": None}
    assert loaded.done.warnings == []
