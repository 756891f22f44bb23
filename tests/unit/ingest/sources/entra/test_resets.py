"""Entra: whose password directory roles may reset, as Microsoft's table has it.

https://learn.microsoft.com/en-us/entra/identity/role-based-access-control/privileged-roles-permissions#who-can-reset-passwords
"""

import pytest

from graph.schema import CONTROLS
from tests.unit.ingest.sources.entra.test_scopes import (
    ANN,
    API,
    APPS,
    BOB,
    CAT,
    CUSTOM,
    OPS,
    ROLE_ID,
    TENANT,
    named,
    page,
    reach,
    read,
)

__all__ = ["read"]  # the fixture

IDS = {
    "Password": "966707d0-3269-4727-9be2-8c3a10f19b9d",
    "Helpdesk": "729827e3-9c14-49f7-bb1b-9608f156bbb8",
    "Auth": "c4e39bd9-1100-46d3-8c65-fb160da0071f",
    "User": "fe930be7-5e62-47db-91af-98c3a49a38b1",
    "Privileged Auth": "7be44c8a-adaf-4e2a-84d6-ab2649e08a13",
    "Global": "62e90394-69f5-4237-9190-012177145e10",
    "Directory Readers": "88d8e3e3-8f55-4a1e-953a-9b9898b8876b",
    "Groups": "fdd7a751-b60b-444a-984c-02652fe8fa1c",
    "Guest Inviter": "95e79109-95c0-4d8e-aee3-d01accf2d47b",
    "Message Center Reader": "790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b",
    "Privileged Role": "e8611ab8-c189-46e8-94e1-60213ab1f814",
    "Reports Reader": "4a5d8f65-41da-4de4-8968-e035b65339cf",
    "User Experience Success Manager": "27460883-1df1-4691-b032-3b79643e5e63",
    "Usage Summary Reports Reader": "75934031-6c7e-415a-99d7-48dbd49e875e",
    "custom": CUSTOM,
    "Partner Tier1": "4ba39ca4-527c-499a-b93d-d9b492c50246",
    "Partner Tier2": "e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8",
}
COLUMNS = ("Password", "Helpdesk", "Auth", "User", "Privileged Auth", "Global")
TABLE = {  # a row for each role that the other has; x: it may be reset by the role of the column
    "Auth": "  x xx",
    "Directory Readers": "xxxxxx",
    "Global": "    xx",
    "Groups": "   xxx",
    "Guest Inviter": "xxxxxx",
    "Helpdesk": " x xxx",
    "Message Center Reader": " xxxxx",
    "Password": "xxxxxx",
    "Privileged Auth": "    xx",
    "Privileged Role": "    xx",
    "Reports Reader": " xxxxx",
    "": "xxxxxx",
    "User": "   xxx",
    "User Experience Success Manager": " xxxxx",
    "Usage Summary Reports Reader": " xxxxx",
    "custom": "    xx",
}


def holds(principal, role, where="/"):
    return {"principalId": principal, "roleDefinitionId": IDS[role], "directoryScopeId": where}


def given(*assignments, kind="roleAssignments"):
    return page(f"roleManagement/directory/{kind}", *assignments)


def gained(loaded, role):
    """Return whom a role resets, with the condition."""
    rows = loaded.rows(CONTROLS)
    source = f"entra:{TENANT}/role/{IDS[role]}"
    return {
        row["target_id"].removeprefix("entra:"): row["condition"]
        for row in rows
        if row["source_id"] == source and row["rule"] == "E9"
    }


BOTH = page("users", named(ANN, "Ann"), named(BOB, "Bob"))


@pytest.mark.parametrize("has", TABLE)
def test_every_role_resets_whom_the_table_says(read, has):
    """Ann has all six roles, and Bob the one of the row, or none."""
    bob = [holds(BOB, has)] if has else []
    loaded = read(BOTH, given(*(holds(ANN, role) for role in COLUMNS), *bob))
    resets = "".join("x" if BOB in gained(loaded, role) else " " for role in COLUMNS)
    assert resets == TABLE[has]
    assert all(condition is None for role in COLUMNS for condition in gained(loaded, role).values())


@pytest.mark.parametrize(("role", "everybody"), [("Partner Tier1", False), ("Partner Tier2", True)])
def test_the_roles_of_partners_reset_those_without_a_role_or_everybody(read, role, everybody):
    loaded = read(BOTH, given(holds(ANN, role), holds(BOB, "Directory Readers")))
    assert (BOB in gained(loaded, role)) == everybody


def test_who_resets_a_password_has_what_the_other_has(read):
    """Ann of the help desk reads what Bob reads, and not what Cat, of the groups, administers."""
    people = page("users", named(ANN, "Ann"), named(BOB, "Bob"), named(CAT, "Cat"))
    may = {"id": "g1", "principalId": BOB, "principalType": "User", "resourceId": API}
    bob = page("appRoleAssignments", may | {"appRoleId": ROLE_ID})
    roles = given(holds(ANN, "Helpdesk"), holds(CAT, "Groups"))
    assert reach(read(people, APPS, bob, roles), "Ann") == {
        "Payroll: Data": False,
        "Directory: users": False,
    }


MEMBERS = page("directoryObjects", named(BOB, "Bob", "user"))
WITH_KEY = {True: {"isAssignableToRole": True}, False: {"isAssignableToRole": None}, None: {}}


@pytest.mark.parametrize("list_", ["members", "owners"])
@pytest.mark.parametrize(
    ("assignable", "resets"), [(True, "none"), (False, "certain"), (None, "perhaps")]
)
def test_who_is_in_a_group_that_may_be_given_roles_is_kept_from_most(
    read, list_, assignable, resets
):
    groups = page("groups", named(OPS, "Ops", **WITH_KEY[assignable]))
    loaded = read(
        BOTH, groups, (f"groups-{OPS}-{list_}.json", MEMBERS),
        given(holds(ANN, "Helpdesk"), holds(ANN, "Privileged Auth")),
    )  # fmt: skip
    assert gained(loaded, "Privileged Auth")[BOB] is None
    helpdesk = gained(loaded, "Helpdesk")
    got = "none" if BOB not in helpdesk else "certain" if helpdesk[BOB] is None else "perhaps"
    assert got == resets


def test_a_role_that_must_be_activated_or_is_for_a_part_keeps_perhaps(read):
    """While it is not in force, a user is as any other; of a part, the table does not speak."""
    unit = "/administrativeUnits/00000050-0000-4000-8000-000000000000"
    people = page("users", named(ANN, "Ann"), named(BOB, "Bob"), named(CAT, "Cat"))
    loaded = read(
        people,
        given(holds(ANN, "Helpdesk"), holds(CAT, "Groups", unit)),
        given(holds(BOB, "Global"), kind="roleEligibilityScheduleInstances"),
    )
    helpdesk = gained(loaded, "Helpdesk")
    assert all("keeps it from that" in helpdesk[id_] for id_ in (BOB, CAT))


def test_who_signs_in_elsewhere_or_on_premises(read):
    """A guest has no password here; one of Active Directory needs passwords written back."""
    people = page(
        "users",
        named(ANN, "Ann"),
        named(BOB, "Bob", userPrincipalName="bob_x.org#EXT#@contoso.com"),
        named(CAT, "Cat", onPremisesSyncEnabled=True),
    )
    loaded = read(people, given(*(holds(ANN, role) for role in ("User", "Auth"))))
    assert gained(loaded, "User") == {CAT: "if passwords are written back to Active Directory"}
    assert gained(loaded, "Auth") == {CAT: None}


def test_a_role_that_nobody_is_assigned_resets_nobody(read):
    loaded = read(BOTH, given(holds(BOB, "Directory Readers")))
    assert [row for row in loaded.rows(CONTROLS) if row["rule"] == "E9"] == []
