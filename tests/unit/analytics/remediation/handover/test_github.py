"""What is handed over for GitHub, as the reference of its REST interface has it."""

from typing import Any

import pytest

from analytics.posture import Posture
from analytics.remediation.handover import Handover, Target, handover
from graph.schema import ASSUMES, CAN_ACCESS, MEMBER_OF
from tests.support.estates.small_estates import Estate

ANN, TEAM, REPO = "github:user/ann", "github:acme/team/core", "github:acme/repository/pay"
KEY = "github:acme/deploy-key/pay/77"


def organization() -> Estate:
    e = Estate(source="github", scope="acme").person(ANN).thing("Group", TEAM).resource(REPO)
    e.thing("Group", "github:acme/group/members").thing("Role", "github:acme/role/owner")
    e.link(ANN, "MEMBER_OF", TEAM, id="m").link(
        ANN, "MEMBER_OF", "github:acme/group/members", id="o"
    )
    e.link(ANN, "ASSUMES", "github:acme/role/owner", id="r")
    e.can(TEAM, "write", REPO, id="t", role_name="write", grant_id="write")
    return e.can(ANN, "admin", REPO, id="c", role_name="admin", grant_id="admin")


def of(posture: Posture, action: str, subject: Any, *ids: str) -> Handover:
    if ids:
        return handover(posture, action, Target(subject, ids))
    return handover(posture, action, Target(node=posture.graph.find(subject)))


def test_people_leave_teams_and_organisations() -> None:
    posture = organization().posture()
    path = "orgs/acme/teams/core/memberships/ann"
    made = of(posture, "remove_member", MEMBER_OF, "m")
    assert (made.command, made.undo) == (
        f"gh api --method DELETE {path}",
        f"gh api --method PUT {path}",
    )
    made = of(posture, "remove_member", MEMBER_OF, "o")
    assert made.command == "gh api --method DELETE orgs/acme/memberships/ann"
    assert "whole organisation" in str(made.place)


def test_repositories_are_taken_from_teams_and_people() -> None:
    posture = organization().posture()
    made = of(posture, "remove_grant", CAN_ACCESS, "t")
    path = "orgs/acme/teams/core/repos/acme/pay"
    assert made.command == f"gh api --method DELETE {path}"
    assert made.undo == f"gh api --method PUT {path} -f permission=push"
    made = of(posture, "remove_grant", CAN_ACCESS, "c")
    assert made.command == "gh api --method DELETE repos/acme/pay/collaborators/ann"
    assert made.undo.endswith("-f permission=admin")


def test_owners_become_members() -> None:
    made = of(organization().posture(), "remove_trust", ASSUMES, "r")
    assert made.command == "gh api --method PUT orgs/acme/memberships/ann -f role=member"


def test_the_permission_of_everybody_is_no_command() -> None:
    e = organization()
    e.can("github:acme/group/members", "read", REPO, id="b", role_name="base permission")
    assert of(e.posture(), "remove_grant", CAN_ACCESS, "b").command is None


def test_a_deploy_key_is_deleted_as_identity_key_and_grant() -> None:
    e = Estate().account(KEY).thing("Credential", f"{KEY}#key", type="ssh_key").resource(REPO)
    e.link(f"{KEY}#key", "AUTHENTICATES_AS", KEY).can(KEY, "write", REPO, id="k")
    posture = e.posture()
    line = "gh api --method DELETE repos/acme/pay/keys/77"
    assert of(posture, "delete_credential", f"{KEY}#key").command == line
    assert of(posture, "disable_identity", KEY).command == line
    assert of(posture, "remove_grant", CAN_ACCESS, "k").command == line


@pytest.mark.parametrize(
    ("thing", "line"),
    [
        ("github:acme/credential/5", "orgs/acme/credential-authorizations/5"),
        ("github:acme/secrets/pay/TOKEN", "repos/acme/pay/actions/secrets/TOKEN"),
        ("github:acme/secrets/-/TOKEN", "orgs/acme/actions/secrets/TOKEN"),
    ],
)
def test_credentials_are_deleted(thing: str, line: str) -> None:
    made = of(Estate().thing("Credential", thing).posture(), "delete_credential", thing)
    assert made.command == f"gh api --method DELETE {line}"


def test_a_secret_is_set_anew() -> None:
    e = Estate().thing("Credential", "github:acme/secrets/pay/TOKEN", "github:acme/secrets/-/ALL")
    posture = e.posture()
    made = of(posture, "rotate_credential", "github:acme/secrets/pay/TOKEN")
    assert made.command == "gh secret set TOKEN --repo acme/pay"
    made = of(posture, "rotate_credential", "github:acme/secrets/-/ALL")
    assert made.command == "gh secret set ALL --org acme"


def test_an_app_is_ended_where_it_is_installed() -> None:
    e = Estate().agent("github:app/bot").account("github:acme/installation/9")
    e.link("github:app/bot", "RUNS_AS", "github:acme/installation/9")
    made = of(e.posture(), "disable_identity", "github:app/bot")
    assert made.command is None
    assert "organizations/acme/settings/installations/9" in str(made.place)


def test_apps_and_tokens_are_ended_in_the_settings() -> None:
    e = Estate().account("github:acme/installation/9").thing("Credential", "github:acme/pat/8")
    posture = e.posture()
    made = of(posture, "disable_identity", "github:acme/installation/9")
    assert made.command is None
    assert "https://github.com/organizations/acme/settings/installations/9" in str(made.place)
    assert of(posture, "delete_credential", "github:acme/pat/8").command is None


@pytest.mark.parametrize("slug", ["..", "core/../../user", "a?b", "a#b", "a%2fb"])
def test_a_name_cannot_lead_a_request_elsewhere(slug: str) -> None:
    team = f"github:acme/team/{slug}"
    e = Estate().person(ANN).thing("Group", team).link(ANN, "MEMBER_OF", team, id="m")
    made = of(e.posture(), "remove_member", MEMBER_OF, "m")
    assert made.command is None
    assert made.refused
