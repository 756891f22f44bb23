"""GitHub: writing to a repository hands over what its workflows may use, and near misses."""

import json

import pytest

from tests.support.estates.small_estates import Estate, ago

ISSUER = "token.actions.githubusercontent.com"
APP, LIB = "github:acme/repository/app", "github:acme/repository/lib"
ROLE = "arn:aws:iam::123456789012:role/deploy"
AUDIENCE = {f"{ISSUER}:aud": "sts.amazonaws.com"}


def estate(**known):
    """State two repositories; `known` has GitHub's own number of the first."""
    e = Estate(declares=("grants", "trust", "credentials"))
    e.resource(APP, type="repository", provider="github", **known)
    e.resource(LIB, type="repository", provider="github")
    e.resource("oidc", type="oidc_provider")
    e.account("bot").thing("Role", ROLE)
    return e


def trust(e, subject, issuer=ISSUER, condition=None, **facts):
    said = json.dumps(condition) if condition else None
    return e.link(
        ROLE, "TRUSTS", "oidc", id="t", issuer=issuer, subject=subject, condition=said, **facts
    )


def gained(e, rule="H1"):
    posture = e.posture()
    name = posture.graph.thing
    return {
        (name(p.source)["id"], name(p.target)["id"], bool(p.condition))
        for p in posture.escalated.proofs
        if p.rule == rule
    }


CERTAIN, GUARDED = {("bot", ROLE, False)}, {("bot", ROLE, True)}
SUBJECTS = [
    ("repo:acme/app:*", CERTAIN),
    ("repo:acme/app:pull_request", CERTAIN),
    ("repo:ACME/App:ref:refs/heads/*", CERTAIN),
    ("repo:acme/*:*", CERTAIN),
    ("repo:acme/*", CERTAIN),
    (None, CERTAIN),
    ("repo:acme/app:ref:refs/heads/main", GUARDED),
    ("repo:acme/app:environment:prod", GUARDED),
    ("repo:acme/lib:*", set()),
    ("repo:acme/application:*", set()),
    ("repo:other/app:*", set()),
    ("acme/app", set()),
    ("*", CERTAIN),
    ("repo:*", CERTAIN),
    ("repo:acme*", CERTAIN),
    ("repo:*/app:*", CERTAIN),
    ("repo:acme/app*", CERTAIN),
    ("repo:*:ref:refs/heads/main", GUARDED),
    ("repo:acme/*:environment:prod", GUARDED),
    ("repo:other*", set()),
    ("repo:acme/lib*:ref:refs/heads/main", set()),
    ("system:serviceaccount:shop:bot", set()),
]


@pytest.mark.parametrize(("subject", "expected"), SUBJECTS)
def test_whoever_writes_to_a_trusted_repository_takes_the_role(subject, expected):
    e = trust(estate().can("bot", "read write", APP), subject)
    assert gained(e) == expected
    assert all(p.support for p in e.posture().escalated.proofs)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("repo:acme@77/app@88:*", CERTAIN),
        ("repo:acme@77/*", CERTAIN),
        ("repo:acme@*", CERTAIN),
        ("repo:acme@77/app@88:ref:refs/heads/main", GUARDED),
        ("repo:acme@77/*:environment:prod", GUARDED),
        ("repo:acme@77/lib@99:*", set()),
        ("repo:acme@77/app@99:*", set()),  # another repository, which had this name once
        ("repo:acme@78/app@88:*", set()),  # of another organisation, which had it
    ],
)
def test_subjects_may_hold_the_numbers_of_owner_and_repository(subject, expected):
    """As they do of each repository that was made or renamed since July 2026.

    https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens/
    """
    e = estate(external_ids=["github_id:88"]).can("bot", "write", APP)
    e.resource("github:acme/organization/acme", type="organization", external_ids=["github_id:77"])
    assert gained(trust(e, subject)) == expected


def test_numbers_that_no_list_has_are_taken_as_they_are():
    e = trust(estate().can("bot", "write", APP), "repo:acme@77/app@88:*")
    assert gained(e) == CERTAIN


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("repository_owner:acme", GUARDED),
        ("repository_owner:ACME:environment:prod", GUARDED),
        ("environment:prod:repository_owner:acme", GUARDED),
        ("repository:acme/app:ref:refs/heads/main", GUARDED),
        ("job_workflow_ref:acme/app/.github/workflows/deploy.yml@refs/heads/main", GUARDED),
        ("repository_owner:other", set()),
        ("repository:acme/lib:ref:refs/heads/main", set()),
        ("job_workflow_ref:acme/lib/.github/workflows/deploy.yml@refs/heads/main", set()),
    ],
)
def test_an_organisation_may_choose_the_claims_of_its_subjects(subject, expected):
    """Whether it does so for the workflows of a repository is not known.

    https://docs.github.com/en/actions/reference/security/oidc#customizing-the-subject-claims-for-an-organization-or-repository
    """
    assert gained(trust(estate().can("bot", "write", APP), subject)) == expected


@pytest.mark.parametrize("levels", ["read", "list"])
def test_reading_is_not_enough(levels):
    assert gained(trust(estate().can("bot", levels, APP), "repo:acme/app:*")) == set()


@pytest.mark.parametrize(
    ("permissions", "changes"),
    [
        (["contents:write", "metadata:read"], True),
        (["administration:write"], True),
        (["issues:write", "metadata:read"], False),
        (["contents:read", "checks:write", "pull_requests:write"], False),
    ],
)
def test_an_app_changes_a_workflow_where_it_may_change_the_code(permissions, changes):
    """Who writes issues or checks pushes nothing, so that no workflow of theirs ever runs."""
    e = secrets(trust(estate(), "repo:acme/app:*"), APP).agent("a", charter_id=APP)
    e.can("bot", "read write", APP, actions=permissions)
    gains = {rule: gained(e, rule) for rule in ("H1", "H2", "X3")}
    assert gains == (
        {"H1": CERTAIN, "H2": {("bot", "key", False)}, "X3": {("bot", "a", False)}}
        if changes
        else {"H1": set(), "H2": set(), "X3": set()}
    )


def test_another_issuer_is_not_github():
    e = estate().can("bot", "write", APP)
    assert gained(trust(e, "repo:acme/app:*", issuer=f"https://{ISSUER}.evil.example")) == set()
    assert (
        gained(trust(estate().can("bot", "write", APP), "repo:acme/app:*", "gitlab.com")) == set()
    )


def test_the_issuer_may_be_written_as_an_address():
    e = trust(estate().can("bot", "admin", APP), "repo:acme/app:*", issuer=f"https://{ISSUER}")
    assert gained(e) == CERTAIN


@pytest.mark.parametrize("start", ["", "https://"])
def test_an_enterprise_may_have_an_issuer_of_its_own(start):
    """With its name behind the address, by `include_enterprise_slug`; conditions name it so too.

    https://docs.github.com/en/enterprise-cloud@latest/rest/actions/oidc
    """
    own = f"{ISSUER}/octo"
    condition = {"StringLike": {f"{own}:sub": "repo:acme/app:*", f"{own}:aud": "x"}}
    e = estate().can("bot", "admin", APP)
    assert gained(trust(e, "repo:acme/app:*", f"{start}{own}", condition)) == CERTAIN
    e = trust(estate().can("bot", "admin", APP), "repo:acme/app:*", issuer=f"{ISSUER}octo")
    assert gained(e) == set()


@pytest.mark.parametrize(
    ("issuer", "expected"),
    [
        ("https://github.example.com/_services/token", GUARDED),
        ("github.example.com:8443/_services/token", GUARDED),
        ("https://token.actions.octocorp.ghe.com", GUARDED),
        ("https://github.example.com/other/token", set()),
        ("https://token.actions.octocorp.ghe.com.evil.example", set()),
    ],
)
def test_a_server_of_ones_own_is_another_github(issuer, expected):
    """Whether the repository is on that server is not known, so such a step is conditional.

    https://docs.github.com/en/enterprise-server@latest/actions/reference/security/oidc
    """
    e = estate().can("bot", "admin", APP)
    assert gained(trust(e, "repo:acme/app:*", issuer)) == expected


def test_other_conditions_stay():
    """Subject and audience are looked at; an address is not."""
    plain = {"StringLike": {f"{ISSUER}:sub": "repo:acme/app:*"}, "StringEquals": AUDIENCE}
    e = trust(estate().can("bot", "write", APP), "repo:acme/app:*", condition=plain)
    assert gained(e) == CERTAIN
    more = plain | {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    e = trust(estate().can("bot", "write", APP), "repo:acme/app:*", condition=more)
    assert gained(e) == GUARDED


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"repository": "acme/app"}, CERTAIN),
        ({"repository": ["acme/lib", "acme/a*"]}, CERTAIN),
        ({"repository": "acme/lib"}, set()),
        ({"repository_owner": "acme"}, CERTAIN),
        ({"repository_owner": "other"}, set()),
        ({"repository_id": "88"}, CERTAIN),
        ({"repository_id": "89"}, set()),
        ({"repository_id": "88", "repository_owner_id": "77"}, GUARDED),  # whose nobody states
        ({"repository_id": "89", "repository_owner_id": "77"}, set()),
        ({"repository": "acme/app", "ref": "refs/heads/main"}, GUARDED),
        ({"repository": "acme/lib", "ref": "refs/heads/main"}, set()),
    ],
)
@pytest.mark.parametrize("subject", [None, "repo:acme/*:*"])
def test_claims_of_a_token_name_the_repository(subject, claims, expected):
    """AWS compares claims of GitHub beside the subject.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
    """
    asked = {f"{ISSUER}:{claim}": value for claim, value in claims.items()}
    condition = {"StringLike": asked, "StringEquals": AUDIENCE}
    e = estate(external_ids=["github_id:88"]).can("bot", "write", APP)
    assert gained(trust(e, subject, condition=condition)) == expected


def test_a_star_is_none_where_no_pattern_is_asked_for():
    condition = {"StringEquals": {f"{ISSUER}:repository": "acme/*"}}
    e = estate().can("bot", "write", APP)
    assert gained(trust(e, None, condition=condition)) == set()


def test_a_subject_that_must_not_be_is_not_evaluated():
    """The source found no subject that must be there, but the condition is not empty."""
    unlike = {"StringNotLike": {f"{ISSUER}:sub": "repo:acme/app:*"}}
    e = trust(estate().can("bot", "write", APP), None, condition=unlike)
    assert gained(e) == GUARDED


def test_a_trust_that_ended_hands_over_nothing():
    e = trust(estate().can("bot", "write", APP), "repo:acme/app:*", valid_to=ago(1))
    assert gained(e) == set()


def secrets(e, parent, id_="store"):
    e.resource(id_, type="secrets of workflows", parent_id=parent).thing("Credential", "key")
    return e.link("key", "STORED_IN", id_, id="kept")


def test_whoever_writes_to_a_repository_gets_its_secrets():
    assert gained(secrets(estate().can("bot", "write", APP), APP), "H2") == {("bot", "key", False)}


def test_readers_and_writers_of_others_do_not():
    assert gained(secrets(estate().can("bot", "read", APP), APP), "H2") == set()
    assert gained(secrets(estate().can("bot", "write", LIB), APP), "H2") == set()


def test_secrets_of_the_organisation_are_not_those_of_a_repository():
    e = estate().resource("org", type="organization").can("bot", "write", "org")
    assert gained(secrets(e, "org"), "H2") == set()


def test_silent_without_repositories():
    e = Estate().account("bot").resource("x", type="repository").thing("Role", ROLE)
    e.resource("oidc").can("bot", "write", "x")
    assert gained(trust(e, None)) == set()


# -- H3 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["GH_InstalledAs", "GHInstalledAs", "GH_CanAccess"])
def test_an_app_acts_as_its_installation_and_so_does_who_holds_its_key(kind):
    e = Estate(declares=("grants", "credentials")).agent("app").account("installation", "thief")
    e.thing("Credential", "key", type="certificate").link("key", "AUTHENTICATES_AS", "app")
    e.resource("repo", "confidential").can("installation", "write", "repo")
    e.can("app", "", "installation", role_name=kind, actions=[kind], grant_id=kind)
    posture = e.posture()
    found = gained(e, "H3")
    assert found == (set() if kind == "GH_CanAccess" else {("app", "installation", False)})
    place = posture.accountable.tolist().index(posture.graph.find("app"))
    assert posture.totals().resources[place] == len(found)


def test_without_the_edge_the_app_is_nobody_else():
    e = Estate(declares=("grants",)).agent("app").account("installation")
    assert gained(e.resource("repo").can("installation", "write", "repo"), "H3") == set()
