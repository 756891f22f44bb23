"""Objects of a tenant in states other than the usual one, and lists that do not say what they are.

By https://learn.microsoft.com/en-us/graph/api/resources/signinactivity,
https://learn.microsoft.com/en-us/graph/api/serviceprincipal-addtokensigningcertificate,
https://learn.microsoft.com/en-us/graph/delta-query-groups,
https://learn.microsoft.com/en-us/graph/api/resources/unifiedroleschedulebase,
https://learn.microsoft.com/en-us/graph/api/resources/expirationpattern,
https://learn.microsoft.com/en-us/graph/api/resources/scopedrolemembership and
https://learn.microsoft.com/en-us/entra/identity/enterprise-apps/deactivate-app-registration.
"""

import json

import pandas as pd
import pytest

from graph.schema import ASSUMES, CREDENTIAL, GROUP, HUMAN, MEMBER_OF, RESOURCE, SERVICE_ACCOUNT
from ingest.source import InputRefused
from ingest.sources.entra import SOURCE
from tests.support.exports.loading import load

CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#"
PRIVILEGED = "e8611ab8-c189-46e8-94e1-60213ab1f814"


def uid(number):
    return f"{number:08d}-0000-4000-8000-000000000000"


TENANT, BOT, ANN, BOB, OPS, UNIT, ROLE, API, APP = map(uid, range(1, 10))
ORGANIZATION = {"@odata.context": CONTEXT + "organization", "value": [{"id": TENANT}]}
ASSIGNED = {"principalId": ANN, "roleDefinitionId": PRIVILEGED, "directoryScopeId": "/"}


def page(what, *values, **more):
    return {"@odata.context": CONTEXT + what, "value": list(values), **more}


def user(id_, **facts):
    return {"@odata.type": "#microsoft.graph.user", "id": id_, "displayName": id_[:8], **facts}


@pytest.fixture
def read(tmp_path):
    def reading(*pages, first=ORGANIZATION):
        folder = tmp_path / "pages"
        for number, one in enumerate((*([first] if first else []), *pages)):
            name, content = one if isinstance(one, tuple) else (f"p{number}.json", one)
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content))
        return load(SOURCE, tmp_path, folder)

    return reading


def told(loaded, part):
    return any(part in warning for warning in loaded.done.warnings)


# -- whose, and in which state ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("home", "named", "third"),
    [(TENANT, True, False), (uid(99), True, True), (TENANT, False, None), (uid(99), False, None)],
)
def test_without_the_tenants_id_nobody_knows_whose_an_application_is(read, home, named, third):
    bot = {"id": BOT, "displayName": "bot", "appId": APP, "appOwnerOrganizationId": home}
    loaded = read(page("servicePrincipals", bot), first=ORGANIZATION if named else None)
    (value,) = loaded.of(SERVICE_ACCOUNT, "third_party")
    assert (None if pd.isna(value) else bool(value)) is third


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"isDisabled": True}, "disabled"),
        ({"disabledByMicrosoftStatus": "DisabledDueToViolationOfServicesAgreement"}, "disabled"),
        ({"isDisabled": False, "disabledByMicrosoftStatus": "NotDisabled"}, "active"),
        ({"isDisabled": None, "disabledByMicrosoftStatus": None}, "active"),
    ],
)
@pytest.mark.parametrize("where", ["principal", "application"])
def test_a_deactivated_application_gets_no_tokens(read, facts, status, where):
    bot = {"id": BOT, "displayName": "bot", "appId": APP, "accountEnabled": True}
    application = {"id": uid(50), "displayName": "bot", "appId": APP}
    (bot if where == "principal" else application).update(facts)
    loaded = read(page("servicePrincipals", bot), page("applications", application))
    assert loaded.of(SERVICE_ACCOUNT, "status") == [status]


def test_deleted_objects_say_since_when_and_deleted_groups_are_left_out(read):
    when = "2026-07-01T00:00:00Z"
    gone = {"deletedDateTime": when}
    loaded = read(
        ("deletedItems.json", page(
            "directoryObjects",
            {"@odata.type": "#microsoft.graph.servicePrincipal", "id": BOT} | gone,
            {"@odata.type": "#microsoft.graph.group", "id": OPS} | gone,
        )),
    )  # fmt: skip
    (bot,) = loaded.rows(SERVICE_ACCOUNT)
    assert (bot["status"], bot["deleted_at"]) == ("deleted", pd.Timestamp(when))
    assert loaded.rows(GROUP) == []
    assert told(loaded, "1 groups are deleted")
    assert not told(loaded, "what they are to which object")


@pytest.mark.parametrize(
    ("seen", "last"),
    [
        ({"lastSignInDateTime": "2026-01-02T00:00:00Z",
          "lastNonInteractiveSignInDateTime": "2026-06-02T00:00:00Z"}, "2026-06-02"),
        ({"lastSignInDateTime": "2026-06-03T00:00:00Z",  # an attempt that failed
          "lastSuccessfulSignInDateTime": "2026-02-03T00:00:00Z"}, "2026-02-03"),
        ({"lastSignInDateTime": "2026-01-02T00:00:00Z", "lastSuccessfulSignInDateTime": None},
         "2026-01-02"),
        ({"lastSignInDateTime": "0001-01-01T00:00:00Z"}, None),
    ],
)  # fmt: skip
def test_a_person_was_active_at_the_last_sign_in_of_any_sort(read, seen, last):
    (at,) = read(page("users", user(ANN, signInActivity=seen))).of(HUMAN, "last_active_at")
    assert (None if pd.isna(at) else str(at.date())) == last


def test_when_a_person_leaves_is_read(read):
    leaves = user(ANN, employeeLeaveDateTime="2026-03-01T00:00:00Z")
    (at,) = read(page("users", leaves)).of(HUMAN, "left_at")
    assert at == pd.Timestamp("2026-03-01T00:00:00Z")


def test_a_use_of_any_sort_is_a_use_of_the_application(read):
    """The summary may be missing, and what never happened is written as the year 1."""
    seen = {
        "id": "x",
        "appId": APP,
        "delegatedClientSignInActivity": {"lastSignInDateTime": "2026-03-01T00:00:00Z"},
        "applicationAuthenticationClientSignInActivity": {
            "lastSignInDateTime": "0001-01-01T00:00:00Z"
        },
    }
    loaded = read(
        page("servicePrincipals", {"id": BOT, "displayName": "bot", "appId": APP}),
        page("reports/servicePrincipalSignInActivities", seen),
    )
    assert loaded.of(SERVICE_ACCOUNT, "last_used_at") == [pd.Timestamp("2026-03-01T00:00:00Z")]


# -- credentials -----------------------------------------------------------------------------------


def principal_with(keys, passwords):
    facts = {"id": BOT, "displayName": "bot", "appId": APP}
    return page(
        "servicePrincipals", facts | {"keyCredentials": keys, "passwordCredentials": passwords}
    )


def test_the_password_of_a_signing_certificate_is_no_secret_of_the_application(read):
    mark = {"customKeyIdentifier": "q/0=", "endDateTime": "2029-01-01T00:00:00Z"}
    loaded = read(
        principal_with(
            [
                {"keyId": uid(20), "usage": "Verify"} | mark,
                {"keyId": uid(21), "usage": "Sign"} | mark,
            ],
            [{"keyId": uid(21)} | mark, {"keyId": uid(22), "customKeyIdentifier": None}],
        )
    )
    assert loaded.of(CREDENTIAL, "id") == [f"entra:{BOT}/key/{uid(22)}"]


def test_a_certificate_without_an_identifier_is_not_taken_for_one_that_signs(read):
    loaded = read(
        principal_with(
            [{"keyId": uid(20), "usage": "Verify", "customKeyIdentifier": None},
             {"keyId": uid(21), "usage": "Sign", "customKeyIdentifier": None}], [],
        )
    )  # fmt: skip
    assert loaded.of(CREDENTIAL, "id") == [f"entra:{BOT}/key/{uid(20)}"]


def test_a_certificate_that_encrypts_tokens_is_no_credential(read):
    """Entra has its public key alone, and takes no signature of it for a sign-in."""
    keys = [{"keyId": uid(20), "usage": "Encrypt"}, {"keyId": uid(21), "usage": "Verify"}]
    loaded = read(principal_with(keys, []))
    assert loaded.of(CREDENTIAL, "id") == [f"entra:{BOT}/key/{uid(21)}"]


# -- assignments -----------------------------------------------------------------------------------


def schedule(status="Provisioned", **expiration):
    info = {"startDateTime": "2026-07-01T00:00:00Z", "expiration": expiration}
    return ASSIGNED | {"id": "s", "status": status, "scheduleInfo": info}


@pytest.mark.parametrize(
    ("duration", "end"),
    [("P30D", "2026-07-31T00:00:00Z"), ("PT8H", "2026-07-01T08:00:00Z"),
     ("P1DT12H30M", "2026-07-02T12:30:00Z"), ("P1W", "2026-07-08T00:00:00Z")],
)  # fmt: skip
def test_a_schedule_of_a_length_ends(read, duration, end):
    one = schedule(type="afterDuration", endDateTime=None, duration=duration)
    (row,) = read(page("roleManagement/directory/roleEligibilitySchedules", one)).rows(ASSUMES)
    assert row["valid_to"] == pd.Timestamp(end)


def test_a_length_that_cannot_be_worked_out_is_rejected(read):
    one = schedule(type="afterDuration", endDateTime=None, duration="P1Y")
    loaded = read(page("roleManagement/directory/roleEligibilitySchedules", one))
    assert loaded.rows(ASSUMES) == []
    assert [r.reason for r in loaded.done.quarantined] == [
        "the instant of an assignment cannot be worked out from the duration"
    ]


@pytest.mark.parametrize(
    ("status", "counts"),
    [("Provisioned", True), ("Granted", True), ("Revoked", False), ("Canceled", False),
     ("Denied", False), ("Failed", False), ("PendingApproval", False)],
)  # fmt: skip
def test_what_was_withdrawn_or_not_approved_yet_is_no_assignment(read, status, counts):
    one = schedule(status, type="noExpiration")
    loaded = read(page("roleManagement/directory/roleAssignmentSchedules", one))
    assert bool(loaded.rows(ASSUMES)) is counts
    assert told(loaded, "not in effect") is not counts


@pytest.mark.parametrize(("status", "counts"), [("Provisioned", True), ("Revoked", False)])
def test_neither_is_a_membership_that_was_withdrawn(read, status, counts):
    """https://learn.microsoft.com/en-us/graph/api/resources/privilegedaccessgroupschedule."""
    one = {"id": "s", "principalId": ANN, "groupId": OPS, "accessId": "member", "status": status,
           "scheduleInfo": {"expiration": {"type": "noExpiration"}}}  # fmt: skip
    loaded = read(page("identityGovernance/privilegedAccess/group/eligibilitySchedules", one))
    assert bool(loaded.rows(MEMBER_OF)) is counts


@pytest.mark.parametrize(
    "context", ["scopedRoleMemberships", "directory/administrativeUnits('{}')/scopedRoleMembers"]
)
def test_an_administrator_of_a_unit_holds_the_role_in_it(read, context):
    member = {"id": "m", "administrativeUnitId": UNIT, "roleId": ROLE,
              "roleMemberInfo": {"id": ANN, "displayName": "Ann"}}  # fmt: skip
    role = {"id": ROLE, "displayName": "Helpdesk", "roleTemplateId": PRIVILEGED}
    loaded = read(
        page("users", user(ANN)),
        page("directoryRoles", role),
        (f"administrativeUnits/{UNIT}/scopedRoleMembers.json", page(context.format(UNIT), member)),
    )
    (row,) = loaded.rows(ASSUMES)
    assert row["target_id"] == f"entra:{TENANT}/role/{PRIVILEGED}"
    assert row["condition"] == f"only within /administrativeUnits/{UNIT}"
    assert not told(loaded, "do not concern access")


@pytest.mark.parametrize("first", ["listed", "member"])
def test_a_group_that_is_also_a_member_may_still_not_be_given_roles(read, first):
    """Graph writes null for a group that anybody with the permission may change (E5)."""
    outer = {"id": uid(60), "displayName": "outer", "groupTypes": [], "members": [
        {"@odata.type": "#microsoft.graph.group", "id": OPS, "displayName": "Ops"}]}  # fmt: skip
    inner = {"id": OPS, "displayName": "Ops", "groupTypes": [], "isAssignableToRole": None}
    listed = (inner, outer) if first == "listed" else (outer, inner)
    loaded = read(page("groups", *listed))
    assert not loaded.one(GROUP, name="Ops")["role_assignable"]
    assert not pd.isna(loaded.one(GROUP, name="Ops")["role_assignable"])


# -- lists -----------------------------------------------------------------------------------------


def test_what_a_delta_query_says_is_removed_is_not_there(read):
    gone = {"@removed": {"reason": "changed"}}
    loaded = read(
        page("users", user(ANN), user(BOB)),
        page("groups/$delta", {"id": OPS, "displayName": "Ops", "members@delta": [
            {"@odata.type": "#microsoft.graph.user", "id": ANN},
            {"@odata.type": "#microsoft.graph.user", "id": BOB, "@removed": {"reason": "deleted"}},
        ]}, {"id": uid(40)} | gone),
        page("users/$delta", {"id": uid(41)} | gone, {"id": BOB} | gone),
    )  # fmt: skip
    assert loaded.of(GROUP, "name") == ["Ops"]
    assert loaded.links(MEMBER_OF) == {(ANN[:8], "Ops")}
    assert loaded.of(HUMAN, "name") == [ANN[:8]]
    assert told(loaded, "4 objects and members were removed")
    assert not loaded.graph.coverage[0].complete


LINK = "https://graph.microsoft.com/v1.0/users"


@pytest.mark.parametrize(
    "more",
    [
        {"@odata.deltaLink": f"{LINK}/delta?$deltatoken=x"},
        {"@odata.nextLink": f"{LINK}/microsoft.graph.delta()?$skiptoken=x"},
    ],
)
def test_a_page_of_a_delta_query_is_not_all_that_is_there(read, more):
    """Without anything removed it looks like a list, and nobody tells if it is the first round."""
    read(page("users", user(ANN), user(BOB)))
    loaded = read(page("users", user(ANN)) | more)
    assert sorted(loaded.of(HUMAN, "name")) == sorted([ANN[:8], BOB[:8]])
    assert told(loaded, "pages of a delta query hold what changed")
    assert not loaded.graph.coverage[0].complete


def test_what_is_removed_stays_as_it_was_and_the_warning_says_so(read):
    read(page("users", user(ANN), user(BOB)))
    loaded = read(page("users/$delta", {"id": BOB, "@removed": {"reason": "changed"}}))
    assert BOB[:8] in loaded.of(HUMAN, "name")
    assert told(loaded, "1 objects and members were removed: what was read of them before stays")


@pytest.mark.parametrize("label", ["1", f"servicePrincipals/{BOT}/owners"])
def test_a_list_that_says_neither_relation_nor_object_is_told(read, label):
    body = page("directoryObjects", user(ANN))
    batch = {"responses": [{"id": label, "status": 200, "body": body}]}
    loaded = read(page("servicePrincipals", {"id": BOT, "displayName": "bot"}), batch)
    assert told(loaded, "what they are to which object") is (label == "1")


def test_a_log_alone_is_refused_and_ends_nothing(read):
    """An empty reading would be complete, and end all that is known of the tenant."""
    event = {"id": uid(70), "appId": APP, "servicePrincipalId": BOT, "resourceId": API}
    with pytest.raises(InputRefused, match="only signins"):
        read(page("auditLogs/signIns", event), first=None)


def test_a_part_of_an_api_that_is_not_in_the_export_has_a_name(read):
    grant = {"id": "g", "clientId": BOT, "consentType": "AllPrincipals", "resourceId": API,
             "scope": "Mail.Read"}  # fmt: skip
    loaded = read(page("oauth2PermissionGrants", grant))
    assert f"{API}: Mail" in loaded.of(RESOURCE, "name")
