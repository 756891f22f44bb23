"""ScubaGear's export of a real Entra tenant, whose facts were counted in the file."""

import json
from collections import Counter

import pandas as pd
import pytest

from graph.schema import (
    ASSUMES,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CREDENTIAL,
    SERVICE_ACCOUNT,
    TRUSTS,
)
from ingest.sources.entra import SOURCE
from tests.support.exports.loading import load
from tests.support.hostile.canaries import leaks

ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"


def uid(number):
    return f"{number:08d}-0000-4000-8000-000000000000"


TENANT, BOT, ANN, BOB, APP = map(uid, range(1, 6))


@pytest.fixture(scope="module")
def scuba(real_data, tmp_path_factory):
    path = real_data / "scubagear" / "ProviderSettingsExport.json"
    return load(SOURCE, tmp_path_factory.mktemp("scuba"), path, taken_at=None)


def coverage(loaded):
    (one,) = loaded.graph.coverage
    return one


def test_sample_has_its_credentials(scuba):
    """Lists of one and null lists hide four certificates and five secrets; six had ended."""
    rows = scuba.rows(CREDENTIAL)
    kinds = Counter(row["type"] for row in rows)
    assert kinds == {"certificate": 4, "client_secret": 5, "federated": 2}
    taken = pd.Timestamp("2026-05-04T17:15:48.307Z")
    assert coverage(scuba).taken_at == taken
    ends = [row["expires_at"] for row in rows if row["expires_at"] is not None]
    assert sum(end < taken for end in ends) == 6
    assert ends.count(pd.Timestamp("2022-04-25T10:31:18Z")) == 2
    assert len(scuba.rows(AUTHENTICATES_AS)) == 11


def test_sample_trusts_pull_requests(scuba):
    assert set(scuba.of(TRUSTS, "subject")) == {
        "repo:testorg/cool-project:pull_request",
        "repo:org/repo:pull_request",
    }
    audiences = {row["audience"] for row in scuba.rows(CREDENTIAL) if row["type"] == "federated"}
    assert audiences == {"api://AzureADTokenExchange"}


def test_sample_has_its_assignments(scuba):
    """26 of 22 principals with a schedule, three with an end; 16 more of six are only named."""
    rows = scuba.rows(ASSUMES)
    certain = [row for row in rows if row["condition"] is None]
    assert (len(certain), len({row["source_id"] for row in certain})) == (26, 22)
    assert sum(row["valid_to"] is not None for row in certain) == 3
    named = [row for row in rows if row["condition"] is not None]
    # 8, 3 and 2 roles of users, one of them stated twice, and 3 of applications
    assert (len(named), len({row["source_id"] for row in named})) == (16, 6)
    assert {row["condition"] for row in named} == {
        "active or eligible, which the export does not say"
    }


def test_sample_grants_what_was_consented_to(scuba):
    """25 permissions are asked for; nine were consented to, on areas of two APIs."""
    asked = {  # of the file: consented permissions by application
        "Test Application": {"User.Read.All"},
        "Test 3rd Party App": {
            "AccessReview.Read.All",
            "Application.Read.All",
            "Directory.Read.All",
            "Mail.ReadBasic",
            "Mail.ReadBasic.All",
        },
        "Test Service Principal": {"Policy.Read.ConditionalAccess", "Policy.Read.All"},
        "ExchangeServerApp-0626ac82-7d72-41c7-9e9b-720b27611111": {"full_access_as_app"},
    }
    names = dict(zip(scuba.graph.things["id"], scuba.graph.things["name"], strict=True))
    apps = set(scuba.of(SERVICE_ACCOUNT, "id"))
    got: dict[str, set[str]] = {}
    for row in scuba.rows(CAN_ACCESS):
        if row["source_id"] in apps:
            got.setdefault(names[row["source_id"]], set()).update(json.loads(row["actions"]))
    assert got == asked
    assert any("16 permissions" in said for said in scuba.done.warnings)
    assert scuba.reasons == []


def test_sample_declares_no_owners(scuba):
    """ScubaGear asks for none, so nothing is an orphan for it."""
    assert coverage(scuba).declares == ("credentials", "grants", "trust")
    third = [r["name"] for r in scuba.rows(SERVICE_ACCOUNT) if r["third_party"] is True]
    assert set(third) == {"Test Service Principal", "Office 365 Exchange Online"}


def test_no_secret_of_an_export_gets_into_rows(tmp_path):
    key = {"KeyId": uid(40), "DisplayName": "k", "StartDateTime": "/Date(1)/", "EndDateTime": None}
    export = {
        "timestamp_zulu": "2026-01-01T00:00:00Z",
        "tenant_details": {"TenantId": TENANT, "DisplayName": "x"},
        "privileged_users": {ANN: {"DisplayName": "Ann", "roles": "Global Administrator"}},
        "privileged_roles": {"RoleTemplateId": ADMINISTRATOR, "DisplayName": "r", "Assignments": {
            "PrincipalId": BOB, "DirectoryScopeId": "/x"}},
        "risky_applications": {"ObjectId": {"Application": APP, "ServicePrincipal": BOT},
            "DisplayName": "a", "PasswordCredentials": key, "FederatedCredentials": {
            "Id": uid(41), "Issuer": "https://i", "Subject": "s", "Audiences": "a"},
            "Permissions": {"RoleDisplayName": "A.B", "ApplicationDisplayName": "x",
                            "IsAdminConsented": True}},
    }  # fmt: skip
    assert leaks(SOURCE, tmp_path / "export.json", export) == []
