"""Internal repositories, which every member reads, and tokens, which give what their owners have.

"A token cannot grant additional access capabilities to a user":
https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/managing-your-personal-access-tokens.
"All enterprise members have read permissions to the internal repository":
https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/managing-repository-settings/setting-repository-visibility
"""

import json

import pytest

from graph.schema import CAN_ACCESS, RESOURCE
from ingest.sources.github import SOURCE
from tests.support.exports.loading import load, reached
from tests.support.printed import blast_radius

ANN, BOB, OUT = ({"login": name, "type": "User"} for name in ("ann", "bob", "out"))
REPOS = [
    {"name": name, "full_name": f"acme/{name}", "private": seen != "public", "visibility": seen}
    for name, seen in (("app", "private"), ("core", "internal"), ("site", "public"))
]
TEAMS = [{"slug": "eng", "name": "Eng"}, {"slug": "sre", "name": "SRE", "parent": {"slug": "eng"}}]
ALL = {"list", "read", "write"}


@pytest.fixture
def read(tmp_path):
    def reading(base="none", **lists):
        lists = {
            "organization": {"login": "acme", "default_repository_permission": base},
            "repos": REPOS,
            "members": [ANN, BOB],
            **lists,
        }
        for name, items in lists.items():
            path = tmp_path / "acme" / f"{name.replace('__', '/')}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(items))
        return load(SOURCE, tmp_path, tmp_path / "acme")

    return reading


def token(owner, **permissions):
    return {
        "id": 1,
        "token_id": 2,
        "token_name": "script",
        "owner": owner,
        "repository_selection": "all",
        "permissions": {"repository": permissions or {"metadata": "read", "contents": "write"}},
    }


def certain(loaded):
    """Return the levels that the token has unconditionally, by repository."""
    names = dict(zip(loaded.graph.things["id"], loaded.graph.things["name"], strict=True))
    levels: dict[str, set[str]] = {}
    for row in loaded.rows(CAN_ACCESS):
        if names[row["source_id"]] == "script" and row["condition"] is None:
            levels.setdefault(names[row["target_id"]], set()).update(json.loads(row["levels"]))
    return levels


@pytest.mark.parametrize(
    ("base", "core"), [("none", "read"), ("read", "read"), ("write", "write"), ("admin", "admin")]
)
def test_members_read_internal_repositories_whatever_the_base_permission(read, base, core):
    found = read(
        base, outside_collaborators=[OUT], repos__app__collaborators=[OUT | {"role_name": "read"}]
    )
    rest = {} if base == "none" else dict.fromkeys(("acme/app", "acme/site"), base)
    assert reached(found, "ann") == {"acme/core": core, **rest}
    assert reached(found, "out") == {"acme/app": "read"}
    assert any("1 repositories are internal" in said for said in found.done.warnings)


def test_an_internal_repository_is_not_public(read):
    """Whatever the older flag says beside it."""
    found = read(repos=[REPOS[1] | {"private": False}])
    assert found.one(RESOURCE, name="acme/core")["sensitivity"] is None


def test_a_short_list_does_not_hide_what_the_list_of_repositories_tells(read):
    """An app may be for selected repositories, of which its own list gives little but names."""
    chosen = {"id": 25, "app_slug": "bot", "repository_selection": "selected", "permissions": {}}
    short = {"name": "core", "full_name": "acme/core", "private": True}
    described = REPOS[1] | {"created_at": "2026-01-02T00:00:00Z"}
    found = read(
        repos=[REPOS[0], described], installations=[chosen], installations__25__repositories=[short]
    )
    assert reached(found, "ann") == {"acme/core": "read"}
    assert found.one(RESOURCE, name="acme/core")["created_at"] is not None


@pytest.mark.parametrize(
    ("lists", "app"),
    [
        ({}, None),
        ({"repos__app__collaborators": [ANN | {"role_name": "read"}]}, {"list", "read"}),
        ({"repos__app__collaborators": [ANN | {"role_name": "admin"}]}, ALL),
        ({"repos__app__collaborators": [BOB | {"role_name": "admin"}]}, None),
        ({"base": "write"}, ALL),
        ({"admins": [ANN]}, ALL),
        ({"teams": TEAMS, "teams__sre__members": [ANN],
          "teams__eng__repos": [REPOS[0] | {"role_name": "push"}]}, ALL),
        ({"teams": TEAMS, "teams__eng__members": [ANN],
          "teams__sre__repos": [REPOS[0] | {"role_name": "push"}]}, None),
    ],
)  # fmt: skip
def test_a_token_has_for_certain_what_its_owner_has(read, lists, app):
    """On the private repository as its owner may; everybody reads the others, a member for core.

    What goes beyond is possible, as no list shows all that a person may.
    """
    lists = {"personal-access-tokens": [token(ANN)], **lists}
    found = read(**lists)
    got = certain(found)
    assert got.get("acme/app") == app
    assert got["acme/core"] >= {"list", "read"}
    assert got["acme/site"] >= {"list", "read"}
    answer = blast_radius(found.posture, found.posture.graph.find("script"))
    doubtful = {r["name"]: r["conditional"] for r in answer["resources"]}
    assert doubtful["acme/app"] is (app != ALL)


def test_an_app_has_its_permissions_whoever_installed_it(read):
    app = {"id": 25, "app_slug": "bot", "account": {"login": "acme"}, "suspended_at": None,
           "repository_selection": "all", "permissions": {"contents": "write"}}  # fmt: skip
    found = read(installations=[app])
    assert [r["condition"] for r in found.rows(CAN_ACCESS) if r["actions"]] == [None] * 3
