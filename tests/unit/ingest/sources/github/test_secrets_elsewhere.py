"""Secrets that not all workflows have, and repositories that are archived.

Files laid out as the API has them: https://docs.github.com/en/rest/actions/secrets (of
environments), https://docs.github.com/en/rest/dependabot/secrets and
https://docs.github.com/en/rest/codespaces/secrets. Archived repositories:
https://docs.github.com/repositories/archiving-a-github-repository/archiving-repositories.
"""

import json

import pytest

from graph.schema import CAN_ACCESS, CREDENTIAL, RESOURCE
from ingest.sources.github import SOURCE
from tests.support.exports.loading import load

REPO = {"id": 5, "name": "api", "full_name": "acme/api", "private": True, "archived": False}
SECRET = {"name": "TOKEN", "created_at": "2026-01-01T00:00:00Z"}
SECRETS = {"total_count": 1, "secrets": [SECRET]}


@pytest.fixture
def read(tmp_path):
    def reading(files):
        base = {"organization.json": {"login": "acme"}, "repos.json": [REPO]}
        for name, content in (base | files).items():
            path = tmp_path / "acme" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content))
        return load(SOURCE, tmp_path / "s", tmp_path / "acme")

    return reading


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("repos/api/environments/prod/secrets.json", "environment-secrets"),
        ("repos/acme/api/environments/prod/secrets.json", "environment-secrets"),
        ("repos/api/dependabot/secrets.json", "dependabot-secrets"),
        ("repos/api/dependabot-secrets.json", "dependabot-secrets"),
        ("dependabot/secrets.json", "dependabot-secrets"),
        ("codespaces/secrets.json", "codespaces-secrets"),
    ],
)
def test_a_secret_that_not_all_workflows_have_is_counted_and_invents_nothing(read, name, kind):
    loaded = read({name: SECRETS})
    assert loaded.rows(CREDENTIAL) == []
    assert {r["id"] for r in loaded.rows(RESOURCE)} <= {
        "github:acme/organization/acme",
        "github:acme/repository/api",
    }
    assert f"secrets for other than all workflows are not read: {kind} (1)" in loaded.done.warnings


@pytest.mark.parametrize("name", ["repos/api/secrets.json", "repos/api/actions/secrets.json"])
def test_a_secret_of_workflows_is_read(read, name):
    loaded = read({name: SECRETS})
    assert loaded.of(CREDENTIAL, "name") == ["TOKEN"]
    assert not any("not read" in w for w in loaded.done.warnings)


@pytest.mark.parametrize("archived", [True, False])
def test_an_archived_repository_is_named_as_such(read, archived):
    dev = {"login": "dev", "type": "User", "role_name": "write"}
    repos = [REPO | {"archived": archived}]
    loaded = read({"repos.json": repos, "repos/api/collaborators.json": [dev]})
    (grant,) = loaded.rows(CAN_ACCESS)
    assert json.loads(grant["levels"]) == ["read", "write"]
    assert (
        any(w.startswith("1 repositories are archived") for w in loaded.done.warnings) is archived
    )
