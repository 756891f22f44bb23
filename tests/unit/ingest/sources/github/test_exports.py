"""Exports of GitHub as people have them: many layouts, several organisations, and what is no grant.

Shapes by https://docs.github.com/en/rest/orgs/organization-roles,
https://docs.github.com/en/rest/orgs/personal-access-tokens,
https://docs.github.com/en/rest/actions/secrets and the files of https://github.com/kubernetes/org.
"""

import json

import pytest

from graph.schema import ASSUMES, CAN_ACCESS, CREDENTIAL, GROUP, HUMAN, MEMBER_OF, RESOURCE
from ingest.source import InputRefused
from ingest.sources.github import SOURCE
from tests.support.exports.loading import load, reached, reader
from tests.support.hostile.canaries import leaks

WRITE, ADMIN = ["read", "write"], ["read", "write", "admin"]
ANN, BOB = {"login": "ann", "type": "User"}, {"login": "bob", "type": "User"}
APP = {"name": "app", "full_name": "acme/app", "private": True, "visibility": "private"}
SITE = {"name": "site", "full_name": "acme/site", "private": False, "visibility": "public"}
INSTALLED = {"id": 25, "app_slug": "renovate", "account": {"login": "acme"},
             "repository_selection": "all", "permissions": {"contents": "write"},
             "created_at": "2026-01-01T00:00:00Z", "suspended_at": None}  # fmt: skip
REQUEST = {"id": 1, "reason": "deploy", "owner": ANN, "repository_selection": "all", "token_id": 9,
           "token_name": "t", "permissions": {"repository": {"contents": "write"}},
           "created_at": "2026-01-01T00:00:00Z", "token_expired": False}  # fmt: skip
TOKEN = {k: v for k, v in REQUEST.items() if k != "reason"} | {
    "access_granted_at": "2026-02-01T00:00:00Z"}  # fmt: skip


@pytest.fixture
def read(tmp_path):
    return reader(SOURCE, tmp_path)


def grants(loaded):
    names = dict(zip(loaded.graph.things["id"], loaded.graph.things["name"], strict=True))
    return {
        (names[r["source_id"]], names[r["target_id"]]): json.loads(r["levels"])
        for r in loaded.rows(CAN_ACCESS)
    }


def said(loaded, part):
    return any(part in warning for warning in loaded.done.warnings)


# -- what is no grant ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["personal-access-token-requests.json", "pat_requests.json", "x.json"]
)
def test_a_token_that_was_only_asked_for_opens_nothing(read, name):
    found = read(("repos.json", [APP]), (name, [REQUEST]))
    assert (found.rows(CREDENTIAL), found.rows(CAN_ACCESS)) == ([], [])
    assert said(found, "personal-access-token-requests (1)")


def test_the_same_token_once_it_was_granted(read):
    found = read(("repos.json", [APP]), ("x.json", [TOKEN]))
    assert grants(found) == {("t", "acme/app"): WRITE}


def test_what_a_token_may_do_with_its_owners_account_is_no_grant_on_repositories(read):
    other = TOKEN | {"permissions": {"other": {"gists": "write"}, "repository": {}}}
    app = INSTALLED | {"permissions": {"emails": "read", "metadata": "read"}}
    found = read(("repos.json", [APP]), ("x.json", [other]), ("installations.json", [app]))
    assert grants(found) == {("renovate in acme", "acme/app"): ["list"]}


def test_who_is_only_invited_is_no_member(read):
    members = [{"user": ANN, "role": "admin", "state": "active"},
               {"user": BOB, "role": "admin", "state": "pending"}]  # fmt: skip
    found = read(("repos.json", [APP]), ("members.json", members))
    assert found.links(ASSUMES) == {("ann", "owner of acme")}
    assert found.of(HUMAN, "name") == ["ann"]
    assert said(found, "1 people are only invited")


def test_lists_without_access_are_counted(read):
    hooks = [{"id": 1, "config": {"url": "https://x.test", "secret": "********"}}]
    runners = {"total_count": 1, "runners": [{"id": 1, "name": "r", "os": "linux"}]}
    found = read(("repos.json", [APP]), ("hooks.json", hooks), ("actions/runners.json", runners))
    assert said(found, "hooks (1), runners (1)")


# -- roles and repositories ------------------------------------------------------------------------


def test_roles_of_the_organisation(read):
    administer = {"id": 8136, "name": "all_repo_admin", "base_role": "admin", "permissions": []}
    audit = {"id": 7, "name": "auditor", "base_role": None, "permissions": ["read_audit_logs"]}
    roles = {"total_count": 2, "roles": [administer, audit]}
    found = read(
        ("repos.json", [APP, SITE]),
        ("organization-roles.json", roles),
        ("organization-roles/8136/teams.json", [{"slug": "sre", "name": "SRE"}]),
        ("organization-roles/7/users.json", [BOB]),
        ("teams/sre/members.json", [ANN]),
    )
    assert found.links(ASSUMES) == {("sre", "all_repo_admin"), ("bob", "auditor")}
    assert reached(found, "ann") == {"acme/app": "admin", "acme/site": "admin"}
    assert reached(found, "bob") == {"acme": "read"}


def test_teams_of_a_repository(read):
    teams = [{"slug": "eng", "name": "Eng", "permission": "push"}]
    found = read(("repos/app/teams.json", teams), ("teams/eng/members.json", [ANN]))
    assert reached(found, "ann") == {"demo/app": "write"}
    assert found.graph.coverage[0].declares == ("grants",)


def test_an_app_for_all_repositories_reaches_them_though_no_file_lists_them(read):
    found = read(("installations.json", {"total_count": 1, "installations": [INSTALLED]}))
    assert reached(found, "renovate") == {"repositories of acme": "write"}
    assert said(found, "one thing represents all of them")


def test_an_owner_administers_the_repositories_that_no_file_lists(read):
    """A member reads all of them by the base permission; an owner has no less."""
    members = [{"user": ANN, "role": "admin"}, {"user": BOB, "role": "member"}]
    base = {"login": "acme", "default_repository_permission": "read"}
    found = read(("org.json", base), ("members.json", members))
    assert reached(found, "bob") == {"repositories of acme": "read"}
    assert reached(found, "ann") == {"acme": "admin", "repositories of acme": "admin"}


def test_secrets_of_the_organisation_go_to_the_repositories_that_are_given_them(read):
    secrets = [{"name": n.upper(), "visibility": n} for n in ("all", "private", "selected")]
    found = read(
        ("repos.json", [APP, SITE]),
        ("secrets.json", {"total_count": 3, "secrets": secrets}),
        ("secrets/SELECTED/repositories.json", {"total_count": 1, "repositories": [SITE]}),
        ("repos/app/collaborators.json", [ANN | {"role_name": "write"}]),
        ("repos/site/collaborators.json", [BOB | {"role_name": "write"}]),
    )
    name = found.graph.thing
    ends = {
        (name(p.source)["name"], name(p.target)["name"])
        for p in found.posture.escalated.proofs
        if p.rule == "H2"
    }
    assert ends == {("ann", "ALL"), ("ann", "PRIVATE"), ("bob", "ALL"), ("bob", "SELECTED")}


# -- several organisations -------------------------------------------------------------------------


def test_a_folder_for_each_organisation(read):
    """Nobody of one gets into the other, also where a list does not say whose it is."""
    beta = APP | {"full_name": "beta/app"}
    found = read(
        ("acme/repos.json", [APP]), ("acme/members.json", [ANN]), ("acme/admins.json", [ANN]),
        ("beta/repos.json", [beta]), ("beta/members.json", [BOB]),
        ("gamma/members.json", [{"login": "eve"}]),
    )  # fmt: skip
    assert {(r["source_id"], r["target_id"]) for r in found.rows(MEMBER_OF)} == {
        ("github:user/ann", "github:acme/group/members"),
        ("github:user/bob", "github:beta/group/members"),
        ("github:user/eve", "github:gamma/group/members"),
    }
    assert reached(found, "ann") == {"acme": "admin", "acme/app": "admin"}


def test_folders_by_subject_are_one_organisation(read):
    found = read(("people/members.json", [ANN]), ("code/repos.json", [APP]))
    assert found.of(GROUP, "id") == ["github:acme/group/members"]


def test_members_of_two_folders_that_nothing_names_are_kept_apart(read):
    found = read(("acme/members.json", [ANN]), ("beta/members.json", [BOB]))
    assert set(found.of(GROUP, "id")) == {"github:acme/group/members", "github:beta/group/members"}


def test_names_that_say_what_folders_could_say(read):
    """Also the organisation; nothing is taken for a list of the organisation by mistake."""
    key = {"id": 7, "title": "ci", "read_only": True}
    found = read(
        ("acme-repos.json", [APP]), ("acme_members.json", [ANN]), ("beta_members.json", [BOB]),
        ("team_sre_members.json", [BOB]), ("team-sre-repos-1.json", [APP | {"role_name": "write"}]),
        ("collaborators-app.json", [ANN | {"role_name": "admin"}]), ("repo_app_keys.json", [key]),
    )  # fmt: skip
    assert {(r["source_id"], r["target_id"]) for r in found.rows(MEMBER_OF)} == {
        ("github:user/ann", "github:acme/group/members"),
        ("github:user/bob", "github:beta/group/members"),
        ("github:user/bob", "github:acme/team/sre"),
    }
    assert grants(found) == {
        ("sre", "acme/app"): WRITE, ("ann", "acme/app"): ADMIN,
        ("deploy key ci of app", "acme/app"): ["read"],
    }  # fmt: skip


def test_the_owner_in_the_path_of_a_repository_counts(read):
    key = {"id": 7, "title": "ci", "read_only": True}
    found = read(("repos.json", [APP]), ("repos/beta/tool/keys.json", [key]))
    assert set(found.of(RESOURCE, "name")) >= {"acme/app", "beta/tool"}


def test_capitals_do_not_make_two_of_one(read):
    config = "orgs: {Acme: {members: [Ann], repos: {App: {}}}}"
    found = read(("repos.json", [APP]), ("members.json", [ANN]), ("org.yaml", config))
    assert [name.lower() for name in found.of(HUMAN, "name")] == ["ann"]
    assert len([r for r in found.of(RESOURCE, "type") if r == "repository"]) == 1


# -- pages and forms -------------------------------------------------------------------------------


def test_a_list_in_several_pages_is_whole(read):
    """Each page states the total; a tool may write them as a list, or one behind the other."""
    one, two = ({"total_count": 2, "installations": [INSTALLED | {"id": n}]} for n in (1, 2))
    for number, files in enumerate((
        [("a/installations-1.json", one), ("a/installations-2.json", two)],
        [("b/installations.json", [one, two])],
        [("c/installations.json", json.dumps(one) + "\n" + json.dumps(two))],
    )):  # fmt: skip
        found = read(*files, scope=f"s{number}")
        assert found.graph.coverage[-1].complete, files
    assert not read(("d/installations.json", one), scope="s9").graph.coverage[-1].complete


@pytest.mark.parametrize(("count", "whole"), [(29, True), (30, False), (100, False)])
def test_a_full_page_alone_may_not_be_all(read, count, whole):
    found = read(("members.json", [{"login": f"u{n}"} for n in range(count)]))
    assert found.graph.coverage[0].complete is whole


def test_a_full_page_with_another_is_all(read):
    pages = [[{"login": f"u{n}"} for n in range(30)], [{"login": "last"}]]
    assert read(("members.json", pages)).graph.coverage[0].complete


def test_a_list_of_one_that_a_tool_made_that_one(read):
    found = read(("members.json", ANN), ("installations.json", {"installations": INSTALLED}))
    assert found.of(HUMAN, "name") == ["ann"]
    assert reached(found, "renovate") == {"repositories of acme": "write"}


def test_an_answer_that_is_an_error_makes_the_reading_partial(read):
    error = {
        "message": "Not Found",
        "documentation_url": "https://docs.github.com",
        "status": "404",
    }
    found = read(("repos.json", [APP]), ("installations.json", error))
    assert not found.graph.coverage[0].complete
    assert found.graph.coverage[0].declares == ()


def test_an_error_alone_is_refused(tmp_path):
    (tmp_path / "x.json").write_text('{"message": "m", "documentation_url": "u"}')
    with pytest.raises(InputRefused):
        load(SOURCE, tmp_path, tmp_path / "x.json")


def test_peribolos_in_the_files_of_one_organisation(read):
    """As kubernetes/org keeps them; a login of digits only is a login."""
    org = "admins: [ann]\nbilling_email: x@y.test\nmembers: [2490]\n"
    teams = "teams: {api: {members: [ann], repos: {app: write}}}"
    found = read(("config/acme/org.yaml", org), ("config/acme/sig-api/teams.yaml", teams),
                 ("config/acme/OWNERS.yaml", "approvers: [ann]"))  # fmt: skip
    assert set(found.of(HUMAN, "name")) == {"ann", "2490"}
    assert grants(found)["api", "acme/app"] == WRITE
    assert grants(found)["owner of acme", "acme"] == ADMIN
    assert said(found, "is no list of an organisation; passed over")


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("organization-roles.json", {"total_count": 1, "roles": [
            {"id": 1, "name": "n", "base_role": "read", "permissions": ["read_x"]}]}),
        ("secrets.json", {"total_count": 1, "secrets": [{"name": "N", "visibility": "all"}]}),
        ("members.json", [{"user": ANN, "role": "admin", "state": "active"}]),
        ("hooks.json", {"hooks": [{"config": {"url": "u", "secret": "s"}}]}),
        ("personal-access-token-requests.json", [REQUEST]),
    ],
)  # fmt: skip
def test_no_secret_gets_into_rows_or_messages(tmp_path, name, document):
    assert leaks(SOURCE, tmp_path / name, document) == []
