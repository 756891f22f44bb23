"""CODEOWNERS files in the syntax of GitHub and of GitLab.

https://docs.github.com/articles/about-code-owners and
https://docs.gitlab.com/user/project/codeowners/reference. Who reviews code is not who answers for
what it does, so nothing here counts as a declared owner.
"""

import json

import pytest

from analytics.posture import assess
from graph.access import AccessGraph
from graph.facts import Facts
from graph.schema import GROUP, HUMAN, OWNS, RESOURCE, TEAM
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from ingest.source import InputRefused, Request
from ingest.sources.codeowners import SOURCE
from ingest.sources.github import SOURCE as GITHUB_SOURCE
from tests.support.exports.loading import TAKEN_AT, load
from tests.support.hostile.canaries import CANARIES, A

REMOTE = '[remote "origin"]\n\turl = {}\n'
GITHUB = "git@github.com:acme/payments.git"
SAID = """\
# who reviews
*       @acme/old
*       @acme/pay-team @ann bo@acme.example  # the last rule counts
/docs/  @acme/writers
*.tf    @acme/cloud
"""


@pytest.fixture
def read(tmp_path):
    def reading(said=SAID, remote=GITHUB, at=".github/CODEOWNERS", **others):
        folder = tmp_path / "src" / "payments"
        config = {".git/config": REMOTE.format(remote)} if remote else {}
        for name, content in {at: said, **config, **others}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return load(SOURCE, tmp_path / "s", tmp_path / "src")

    return reading


def test_the_last_rule_for_the_whole_repository_counts(read):
    loaded = read()
    assert loaded.links(OWNS) == {
        ("acme/pay-team", "acme/payments"),
        ("ann", "acme/payments"),
        ("bo@acme.example", "acme/payments"),
    }
    (repository,) = loaded.rows(RESOURCE)
    assert repository["id"] == "github:acme/repository/payments"
    assert repository["external_ids"] == '["github:acme/payments"]'
    team = loaded.one(GROUP, name="acme/pay-team")  # as the source `github` states a team
    assert team["id"] == "github:acme/team/pay-team"
    assert team["external_ids"] == '["github:acme/pay-team"]'
    assert loaded.one(HUMAN, name="ann")["external_ids"] == '["github:ann"]'
    assert loaded.one(HUMAN, name="bo@acme.example")["email"] == "bo@acme.example"
    (warning,) = loaded.done.warnings
    assert warning == "2 rules for parts of a repository are left out"


def test_ownership_is_inferred_and_never_covers(read):
    """Twin: the same owner, declared, does cover."""
    loaded = read()
    posture = loaded.posture
    repository = posture.graph.find("acme/payments")
    assert set(loaded.of(OWNS, "evidence")) == {"inferred"}
    assert posture.owner_states[repository] == "inferred"
    assert posture.ownership.covered["technical"][repository] < 0
    facts = loaded.graph.facts
    owns = facts.frames[OWNS].assign(evidence="declared")
    owned = assess(AccessGraph.of(Facts.of({**facts.frames, OWNS: owns}, facts.coverage)))
    assert owned.ownership.covered["technical"][repository] >= 0


@pytest.mark.parametrize(
    ("remote", "id_"),
    [
        ("https://github.com/acme/payments", "github:acme/repository/payments"),
        ("https://ann:pw@github.com/acme/payments.git", "github:acme/repository/payments"),
        ("ssh://git@github.com:22/acme/payments.git/", "github:acme/repository/payments"),
        ("https://gitlab.example/a/b/payments.git", "codeowners:demo/repository/a/b/payments"),
        ("https://github.com.evil.example/a/pay", "codeowners:demo/repository/a/pay"),
        ("/srv/git/payments.git", "codeowners:demo/repository/payments"),
        ("", "codeowners:demo/repository/payments"),
    ],
)  # fmt: skip
def test_a_repository_is_known_by_its_remote_else_by_its_folder(read, remote, id_):
    loaded = read(remote=remote)
    assert loaded.of(RESOURCE, "id") == [id_]
    assert "pw@" not in str(loaded.rows(RESOURCE))


def test_of_several_files_the_one_that_the_platform_takes_counts(read):
    loaded = read(CODEOWNERS="* @root\n", **{"docs/CODEOWNERS": "* @docs\n"})
    assert "root" not in loaded.of(HUMAN, "name")
    assert sum("comes before it" in w for w in loaded.done.warnings) == 2


def test_on_gitlab_its_own_folder_comes_last(read):
    """Root, docs, .gitlab: https://gitlab.com/gitlab-org/gitlab/-/issues/366394."""
    own = {"at": ".gitlab/CODEOWNERS", "remote": "https://gitlab.com/acme/x.git"}
    assert {o for o, _ in read("* @own\n", **own).links(OWNS)} == {"own"}
    more = {"docs/CODEOWNERS": "* @docs\n"}
    assert {o for o, _ in read("* @own\n", **own, **more).links(OWNS)} == {"docs"}
    more["CODEOWNERS"] = "* @root\n"
    assert {o for o, _ in read("* @own\n", **own, **more).links(OWNS)} == {"root"}


@pytest.mark.parametrize(
    ("content", "owners"),
    [
        ('{"event": {"actor": "ann", "at": "a@b.example"}}\n', None),
        ("* @ann\n", {"ann"}),
    ],
)
def test_a_file_of_another_name_must_name_an_owner(tmp_path, content, owners):
    """A log read as CODEOWNERS declared that a repository has no owner."""
    path = tmp_path / "events.jsonl"
    path.write_text(content)
    if owners is None:
        with pytest.raises(InputRefused, match="no rule in it names an owner"):
            load(SOURCE, tmp_path / "s", path)
    else:
        assert {owner for owner, _ in load(SOURCE, tmp_path / "s", path).links(OWNS)} == owners


def test_on_bitbucket_it_lies_in_a_folder_of_its_own(read):
    """It was not looked for there, and a team with how many of it are asked was no owner."""
    rule = "* @acme/pay:all @teams/leads:random(2) @ann bo@acme.example\n"
    loaded = read(rule, "git@bitbucket.org:acme/payments.git", ".bitbucket/CODEOWNERS")
    owners = ("acme/pay", "teams/leads", "ann", "bo@acme.example")
    assert loaded.links(OWNS) == {(owner, "acme/payments") for owner in owners}
    assert (len(loaded.rows(TEAM)), loaded.reasons) == (2, [])


def test_sections_add_up_and_have_usual_owners(read):
    said = "[Core][2] @acme/core\n*\n^[Docs] @acme/docs\n*.md\n* @writer\n[core]\n* @late\n"
    loaded = read(said, remote="https://gitlab.com/acme/x.git", at="CODEOWNERS")
    assert {owner for owner, _ in loaded.links(OWNS)} == {"late", "writer"}
    loaded = read("[Core] @acme/core\n*\n", remote="https://gitlab.com/acme/x.git", at="CODEOWNERS")
    assert {owner for owner, _ in loaded.links(OWNS)} == {"acme/core"}


@pytest.mark.parametrize("first", ["github", "codeowners"])
def test_a_team_is_one_thing_with_that_of_the_organisation_in_any_order(tmp_path, first):
    path = tmp_path / "payments" / "CODEOWNERS"
    config = path.parent / ".git" / "config"
    config.parent.mkdir(parents=True)
    config.write_text(REMOTE.format(GITHUB))
    path.write_text("* @acme/pay-team\n")
    team = {"slug": "pay-team", "name": "Pay", "url": "https://api.github.com/orgs/acme/teams/1"}
    listed = tmp_path / "org" / "teams.json"
    listed.parent.mkdir()
    listed.write_text(json.dumps([team]))
    store = ParquetStore(tmp_path / "store")
    jobs = [
        (SOURCE, Request([path], "src", TAKEN_AT)),
        (GITHUB_SOURCE, Request([listed], "acme", TAKEN_AT)),
    ]
    for job in jobs if first == "codeowners" else reversed(jobs):
        ingest(store, [job], 100.0)
    graph = AccessGraph.of(store.read()[1])
    teams = graph.things[graph.things["id"].str.contains("/team/")]
    assert teams[["id", "label"]].values.tolist() == [["github:acme/team/pay-team", "Group"]]
    assert graph.frames[TEAM].empty
    assert set(graph.frames[OWNS]["source_id"]) == {"github:acme/team/pay-team"}


def test_roles_in_the_project_are_counted_and_nobody(read):
    loaded = read("* @@maintainers @@developer @ann\n", remote="https://gitlab.com/a/x.git")
    assert {owner for owner, _ in loaded.links(OWNS)} == {"ann"}
    assert loaded.reasons == []
    assert loaded.done.warnings == [
        "2 owners that are a role in the project, not a name, are left out"
    ]


def test_a_team_of_another_host_is_a_team(read):
    loaded = read("* @a/b/Core\n", remote="https://gitlab.com/a/x.git")
    assert loaded.one(TEAM, name="a/b/Core")["id"] == "codeowners:demo/team/a/b/Core"
    assert loaded.rows(GROUP) == []


def test_without_a_rule_for_the_whole_nobody_is_inferred(read):
    loaded = read("/docs/ @acme/writers\n")
    assert loaded.rows(OWNS) == []
    assert len(loaded.rows(RESOURCE)) == 1


@pytest.mark.parametrize(
    ("owner", "number"), [("acme/pay", 2), ("@", 2), ("@@x", 2), ("@a b@c", 3), ("@acme/", 2)]
)
def test_an_owner_that_is_none_is_set_aside(read, owner, number):
    loaded = read(f"* @ann {owner}\n")
    reason = f"owner {number} is neither @user, @organisation/team nor an e-mail"
    assert loaded.reasons == [("line 1", reason)]
    assert ("ann", "acme/payments") in loaded.links(OWNS)


@pytest.mark.parametrize(("said", "reason"), [("", "is empty"), ("* @a\0", "is binary")])
def test_what_is_no_text_is_refused(read, said, reason):
    with pytest.raises(InputRefused, match=reason):
        read(said)


def test_a_folder_without_a_file_is_refused(tmp_path):
    with pytest.raises(InputRefused, match="there is no CODEOWNERS in it"):
        load(SOURCE, tmp_path / "s", tmp_path)


@pytest.mark.parametrize("kind", CANARIES)
def test_no_secret_gets_out_wherever_it_stands(tmp_path, kind):
    canary, path = CANARIES[kind], tmp_path / "CODEOWNERS"
    config = tmp_path / ".git" / "config"
    config.parent.mkdir()
    config.write_text(REMOTE.format(f"https://x:{canary}@github.com/a/{canary}"))
    for said in (f"* @ann {canary}\n", f"* @{canary}\n", f"{canary} @ann\n", f"[{canary}] @a\n*\n"):
        path.write_text(said)
        reading = SOURCE.read(Request([path], "demo", None))
        shown = [frame.to_dict("records") for frame in reading.rows.values()]
        assert A[:12] not in str([shown, reading.rejected, reading.warnings])


def test_an_owner_that_is_written_wrongly_is_counted_and_stays(read):
    """Without the @ it is nobody's handle; that ann is no owner any more, nobody said."""
    read("* @ann @acme/pay-team bo@acme.example\n")
    loaded = read("* ann acme/pay-team @@@\n")
    owner = "is neither @user, @organisation/team nor an e-mail"
    assert [(row.place, row.reason) for row in loaded.done.quarantined] == [
        ("line 1", f"owner 1 {owner}"),
        ("line 1", f"owner 2 {owner}"),
        ("line 1", f"owner 3 {owner}"),
    ]
    assert loaded.links(OWNS) == {
        ("acme/pay-team", "acme/payments"),
        ("ann", "acme/payments"),
    }
