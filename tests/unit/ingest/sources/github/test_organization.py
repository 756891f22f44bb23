"""A GitHub organisation, in the shapes of the REST API's documentation and of peribolos.

https://docs.github.com/en/rest/orgs/personal-access-tokens,
https://docs.github.com/en/rest/orgs/orgs#list-app-installations-for-an-organization,
https://docs.github.com/en/rest/deploy-keys/deploy-keys,
https://docs.prow.k8s.io/docs/components/cli-tools/peribolos/ (all names made up)
"""

import json

import pandas as pd
import pytest

from graph.schema import (
    AGENT,
    ASSUMES,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CREDENTIAL,
    GROUP,
    HUMAN,
    MEMBER_OF,
    RESOURCE,
    RUNS_AS,
    SERVICE_ACCOUNT,
    STORED_IN,
)
from ingest.source import InputRefused
from ingest.sources.github import SOURCE
from tests.support.exports.loading import load, reached, reader
from tests.support.hostile.canaries import leaks
from tests.support.printed import blast_radius

ANN, BOB = {"login": "ann", "type": "User"}, {"login": "bob", "type": "User"}
ORG = {"login": "acme", "default_repository_permission": "read"}
APP = {"name": "app", "full_name": "acme/app", "private": True, "visibility": "private"}
SITE = {"name": "site", "full_name": "acme/site", "private": False, "visibility": "public"}
REPOS = ("repos.json", [APP, SITE])
KEY = {"id": 7, "title": "ci", "key": "ssh-ed25519 AAAA", "read_only": False, "enabled": True,
       "created_at": "2026-01-02T03:04:05Z", "last_used": "2026-03-01T00:00:00Z"}  # fmt: skip
TOKEN = {
    "id": 25381, "owner": ANN, "repository_selection": "all", "token_id": 98716,
    "permissions": {"repository": {"metadata": "read", "contents": "write"},
                    "organization": {"members": "read"}},
    "access_granted_at": "2026-02-01T00:00:00Z", "token_name": "script", "token_expired": False,
    "token_expires_at": "2026-12-01T00:00:00Z", "token_last_used_at": None,
}  # fmt: skip
INSTALLED = {
    "id": 25, "app_id": 1, "app_slug": "renovate", "account": {"login": "acme"},
    "repository_selection": "all", "permissions": {"contents": "write", "metadata": "read"},
    "created_at": "2026-01-01T00:00:00Z", "suspended_at": None,
}  # fmt: skip


@pytest.fixture
def read(tmp_path):
    return reader(SOURCE, tmp_path)


def grants(loaded):
    names = dict(zip(loaded.graph.things["id"], loaded.graph.things["name"], strict=True))
    return {
        (names[r["source_id"]], names[r["target_id"]]): json.loads(r["levels"])
        for r in loaded.rows(CAN_ACCESS)
    }


READ, WRITE, ADMIN = ["read"], ["read", "write"], ["read", "write", "admin"]


def test_owners_and_members(read):
    """Owners administer everything; members have the base permission; public is for anyone."""
    found = read(("org.json", ORG), REPOS, ("members.json", [ANN, BOB]), ("admins.json", [ANN]))
    assert grants(found) == {
        ("members of acme", "acme/app"): READ, ("members of acme", "acme/site"): READ,
        ("owner of acme", "acme"): ADMIN, ("owner of acme", "acme/app"): ADMIN,
        ("owner of acme", "acme/site"): ADMIN,
    }  # fmt: skip
    assert found.links(ASSUMES) == {("ann", "owner of acme")}
    whole = found.one(RESOURCE, id="github:acme/organization/acme")
    assert (whole["type"], whole["control_plane"]) == ("organization", True)
    sensitivity = {r["name"]: r["sensitivity"] for r in found.rows(RESOURCE)}
    assert (sensitivity["acme/site"], sensitivity["acme/app"]) == ("public", None)
    assert reached(found, "bob") == {"acme/app": "read", "acme/site": "read"}


def test_teams_inherit_from_their_parents(read):
    found = read(
        REPOS,
        ("teams.json", [{"slug": "eng", "name": "Eng"},
                        {"slug": "sre", "name": "SRE", "parent": {"slug": "eng"}}]),
        ("teams/sre/members.json", [BOB]),
        ("teams/eng/repos.json", [APP | {"role_name": "maintain"}]),
    )  # fmt: skip
    assert found.links(MEMBER_OF) == {("SRE", "Eng"), ("bob", "SRE")}
    assert grants(found) == {("Eng", "acme/app"): WRITE}
    assert reached(found, "bob") == {"acme/app": "write"}


def test_collaborators_and_roles_of_ones_own(read):
    roles = [
        ANN | {"role_name": "triage"},
        BOB
        | {
            "role_name": "auditor",
            "permissions": {
                "admin": False,
                "maintain": False,
                "push": True,
                "triage": True,
                "pull": True,
            },
        },
    ]
    found = read(REPOS, ("repos/app/collaborators.json", roles))
    assert grants(found) == {("ann", "acme/app"): READ, ("bob", "acme/app"): WRITE}


def test_a_role_without_meaning_is_set_aside(read):
    found = read(REPOS, ("repos/app/collaborators.json", [ANN | {"role_name": "x"}]))
    assert [reason for _, reason in found.reasons] == ["names no known role"]


def test_deploy_keys_are_identities_of_software(read):
    off = KEY | {"id": 8, "title": "old", "read_only": True, "enabled": False}
    found = read(REPOS, ("repos/acme/app/keys.json", [KEY, off]))
    assert grants(found)["deploy key ci of app", "acme/app"] == WRITE
    assert grants(found)["deploy key old of app", "acme/app"] == READ
    key = found.one(CREDENTIAL, name="ci")
    assert (key["type"], key["status"]) == ("ssh_key", "active")
    assert key["last_used_at"] == pd.Timestamp("2026-03-01T00:00:00Z")
    assert found.one(CREDENTIAL, name="old")["status"] == "disabled"
    assert ("ci", "deploy key ci of app") in found.links(AUTHENTICATES_AS)
    assert "AAAA" not in str(found.graph.frames[CREDENTIAL].to_dict())


def test_an_app_acts_as_its_installation(read):
    other = INSTALLED | {"id": 26, "app_slug": "old", "suspended_at": "2026-02-01T00:00:00Z"}
    listed = {"total_count": 2, "installations": [INSTALLED, other]}
    found = read(REPOS, ("installations.json", listed))
    assert found.links(RUNS_AS) == {("renovate", "renovate in acme")}
    assert found.of(AGENT, "kind") == ["bot", "bot"]
    assert grants(found) == {
        ("renovate in acme", name): ["list", "read", "write"] for name in ("acme/app", "acme/site")
    }
    assert found.one(SERVICE_ACCOUNT, name="old in acme")["status"] == "disabled"
    assert "inventory" in found.graph.coverage[0].declares


def test_selected_repositories_are_unknown_until_they_are_listed(read):
    """There are some, so that the app does not reach nothing; which ones is not known."""
    chosen = INSTALLED | {"repository_selection": "selected"}
    files = REPOS, ("installations.json", {"installations": [chosen]})
    found = read(*files)
    some = "repositories selected for installation 25"
    assert grants(found) == {("renovate in acme", some): ["list", "read", "write"]}
    assert found.one(RESOURCE, name=some)["parent_id"] == "github:acme/organization/acme"
    assert reached(found, "renovate") == {some: "write"}
    assert any("1 apps or tokens" in said for said in found.done.warnings)


def test_repositories_that_a_token_is_for_are_those_of_its_owner(read):
    """Whether the owner has as much on those that were selected is not known."""
    chosen = TOKEN | {"repository_selection": "subset"}
    found = read(REPOS, ("personal-access-tokens.json", [chosen]), ("members.json", [ANN]))
    some = "github:acme/repositories/pat-98716"
    (grant,) = (row for row in found.rows(CAN_ACCESS) if row["target_id"] == some)
    assert grant["condition"] == "as far as the owner of the token may, which no list shows"


def test_selected_repositories_that_are_listed(read):
    chosen = INSTALLED | {"repository_selection": "selected"}
    found = read(
        REPOS,
        ("installations.json", [chosen]),
        ("installations/25/repositories.json", {"total_count": 1, "repositories": [APP]}),
    )
    assert set(grants(found)) == {("renovate in acme", "acme/app")}


def test_fine_grained_tokens(read):
    """A token has its own grants, and makes its holder the owner only as far as these go."""
    found = read(REPOS, ("personal-access-tokens.json", [TOKEN]), ("members.json", [ANN]))
    token = found.one(CREDENTIAL, id="github:acme/pat/98716")
    assert (token["type"], token["name"], token["last_used_at"]) == ("pat", "script", None)
    assert token["expires_at"] == pd.Timestamp("2026-12-01T00:00:00Z")
    (link,) = found.rows(AUTHENTICATES_AS)
    assert link["ceiling"] == "write"
    assert link["condition"] == "as far as the permissions of the token go"
    assert grants(found)["script", "acme/app"] == ["list", "read", "write"]
    assert grants(found)["script", "acme"] == READ
    posture = found.posture
    answer = blast_radius(posture, posture.graph.find("script"))
    assert {r["name"] for r in answer["resources"]} >= {"acme/app", "acme/site", "acme"}


def test_authorized_tokens_act_as_their_person(read):
    said = {"login": "bob", "credential_id": 161195, "credential_type": "personal access token",
            "token_last_eight": "71c3fc11", "scopes": ["repo"],
            "credential_authorized_at": "2026-01-26T19:06:43Z", "credential_accessed_at": None,
            "authorized_credential_expires_at": "2026-02-25T13:47:43Z"}  # fmt: skip
    found = read(("credential-authorizations.json", [said]))
    assert found.links(AUTHENTICATES_AS) == {("token 161195 of bob", "bob")}
    assert "71c3fc11" not in str([f.to_dict() for f in found.graph.frames.values()])


def test_secrets_are_had_by_writing_not_by_reading(read):
    """A workflow hands them to whoever may change it (H2)."""
    secret = {"name": "AWS_KEY", "created_at": "2026-01-01T00:00:00Z"}
    listed = {"total_count": 1, "secrets": [secret | {"updated_at": "2026-02-01T00:00:00Z"}]}
    roles = [ANN | {"role_name": "read"}, BOB | {"role_name": "write"}]
    found = read(REPOS, ("repos/app/actions/secrets.json", listed),
                 ("repos/app/collaborators.json", roles))  # fmt: skip
    assert found.links(STORED_IN) == {("AWS_KEY", "secrets of app")}
    name = found.graph.thing
    ends = {
        (name(p.source)["name"], name(p.target)["name"], p.rule)
        for p in found.posture.escalated.proofs
    }
    assert ends == {("bob", "AWS_KEY", "H2")}


def test_software_among_users(read):
    found = read(("members.json", [ANN, {"login": "dependabot[bot]", "type": "Bot"}]))
    assert (found.of(HUMAN, "name"), found.of(SERVICE_ACCOUNT, "name")) == (
        ["ann"], ["dependabot[bot]"]
    )  # fmt: skip


PERIBOLOS = """
orgs:
  acme:
    default_repository_permission: none
    admins: [ann]
    members: [bob]
    repos:
      app: {private: true}
    teams:
      Site Ops:
        members: [bob]
        maintainers: [carl]
        repos: {app: write}
        teams:
          night: {members: [dora]}
"""


def test_peribolos(read):
    found = read(("org.yaml", PERIBOLOS))
    assert grants(found) == {
        ("Site Ops", "acme/app"): WRITE,
        ("owner of acme", "acme/app"): ADMIN,
        ("owner of acme", "acme"): ADMIN,
    }
    assert found.links(MEMBER_OF) == {
        ("bob", "members of acme"), ("bob", "Site Ops"), ("carl", "Site Ops"), ("dora", "night"),
        ("night", "Site Ops"),
    }  # fmt: skip
    assert "github:acme/team/site-ops" in set(found.of(GROUP, "id"))
    assert reached(found, "dora") == {"acme/app": "write"}


def test_pages_of_pages_and_numbered_files(read):
    found = read(("repos-1.json", [[APP]]), ("repos-2.json", [[SITE]]))
    names = set(found.of(RESOURCE, "name"))
    assert names == {"acme", "acme/app", "acme/site"}


@pytest.mark.parametrize(
    ("said", "label"), [([TOKEN], CREDENTIAL), ({"installations": [INSTALLED]}, AGENT)]
)
def test_a_list_is_known_by_its_items_where_its_name_says_nothing(read, said, label):
    assert len(read(("export.json", said)).rows(label)) == 1


def test_a_list_shorter_than_its_count_is_partial(read):
    found = read(("installations.json", {"total_count": 5, "installations": [INSTALLED]}))
    assert not found.graph.coverage[0].complete


def test_wrong_items_are_set_aside(read):
    found = read(
        REPOS,
        ("members.json", [ANN, {}, 1]),
        ("repos/app/keys.json", [{"id": "x"}]),
        ("personal-access-tokens.json", [TOKEN | {"token_expires_at": "soon"}]),
    )
    assert len(found.reasons) == 4
    assert "soon" not in str(found.reasons)


@pytest.mark.parametrize(
    ("name", "said"),
    [("x.json", "[]"), ("members.json", "{}"), ("keys.json", "[]"), ("repos.json", "["),
     ("org.yaml", "a: 1"), ("org.yaml", "orgs: {a: {}, a: {}}")],
)  # fmt: skip
def test_other_files_are_refused(tmp_path, name, said):
    (tmp_path / name).write_text(said)
    with pytest.raises(InputRefused):
        load(SOURCE, tmp_path, tmp_path / name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("installations.json", {"installations": [INSTALLED]}),
        ("personal-access-tokens.json", [TOKEN]),
        ("repos.json", [APP]),
        ("teams.json", [{"slug": "a", "name": "n", "parent": {"slug": "b"}}]),
        ("repos/app/keys.json", [KEY]),
        ("repos/app/secrets.json", {"secrets": [{"name": "N", "created_at": "2026-01-01"}]}),
        ("repos/app/collaborators.json", [ANN | {"role_name": "x", "permissions": {"pull": True}}]),
    ],
)
def test_no_secret_gets_into_rows_or_messages(tmp_path, name, said):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    assert leaks(SOURCE, path, said) == []
