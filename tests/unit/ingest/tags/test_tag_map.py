"""What tags mean: the default map, a company's own, and values that mean nothing."""

import json
from pathlib import Path

import pytest

from graph.schema import AGENT, HUMAN, RESOURCE, ROLE, SERVICE_ACCOUNT, TEAM
from ingest.configuration import jobs_of
from ingest.source import InputRefused
from ingest.tags.tag_map import Tagger, TagMap


def facts(label=SERVICE_ACCOUNT, **tags):
    return Tagger().read(label, tags).facts


def owners(**tags):
    return [(o.id, o.role, o.evidence) for o in Tagger().read(ROLE, tags).owners]


@pytest.mark.parametrize(
    ("key", "value", "env"),
    [
        ("Environment", "Production", "prod"),
        ("env", "prd", "prod"),
        ("environment", "DEV", "dev"),
        ("cloud-platform.justice.gov.uk/environment-name", "preprod", "preprod"),
        ("cloud-platform.justice.gov.uk/is-production", "true", "prod"),
        ("Stage", "uat", "test"),
        ("Environment", "prod-eu-7", None),  # nobody said that it is production, or is not
        ("Environment", "", None),
        ("Environment", "n/a", None),
        ("Environ", "prod", None),
    ],
)
def test_the_environment(key, value, env):
    assert Tagger().read(SERVICE_ACCOUNT, {key: value}).facts.get("env") == env


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("Confidential", "confidential"),
        ("internal use only", "internal"),
        ("strictly-confidential", "restricted"),
        ("Pubilc", None),
        ("3", None),
    ],
)
def test_the_class_of_data(value, meant):
    assert facts(RESOURCE, **{"data-classification": value}).get("sensitivity") == meant


def test_a_thing_has_only_what_its_label_has():
    tags = {"env": "dev", "purpose": "pay", "expires": "2026-12-31", "DataClass": "public"}
    assert facts(AGENT, **tags) == {
        "env": "dev",
        "purpose": "pay",
        "expires_at": "2026-12-31T00:00:00Z",
    }
    assert facts(RESOURCE, **tags) == {"env": "dev", "sensitivity": "public"}


def test_marks_that_change_a_judgement():
    assert facts(ROLE, **{"break-glass": "true", "seasonal": "no"}) == {"tags": '["break-glass"]'}


@pytest.mark.parametrize(
    ("key", "value", "id_", "role"),
    [
        ("Owner", "Ann.Lee@acme.example", "tag:person/ann.lee@acme.example", "business"),
        ("technical-owner", "Ann Lee <ann@a.example>", "tag:person/ann@a.example", "technical"),
        ("owner", "Digital  Services: ds@a.example", "tag:team/digital services", "business"),
        ("infrastructure-support", "platform", "tag:team/platform", "technical"),
        ("owner", "Service Team <s@a.example>", "tag:team/service team", "business"),
        ("owner", "web-ops@a.example", "tag:team/web-ops@a.example", "business"),
        ("owner", "Cards: ", "tag:team/cards", "business"),
        ("Sponsor", "cy@acme.example", "tag:person/cy@acme.example", "sponsor"),
        ("owner", "arn:aws:iam::1:user/ann", "arn:aws:iam::1:user/ann", "business"),
    ],
)
def test_whom_a_tag_names(key, value, id_, role):
    assert owners(**{key: value}) == [(id_, role, "declared")]


def test_a_team_that_is_named_in_passing_is_inferred():
    """It says to whom a thing belongs, not who answers for it."""
    assert owners(Team="payments") == [("tag:team/payments", "technical", "inferred")]


@pytest.mark.parametrize(
    "value", ["", "TBD", "none", "N/A", "unknown", "<script>", "a\x00b", "x" * 300]
)
def test_what_names_nobody_is_no_owner(value):
    assert owners(Owner=value) == []


def test_several_addresses_are_several_people():
    assert [o[0] for o in owners(Owner="ann@a.example: bo@a.example; Cards: c@a.example")] == [
        "tag:person/ann@a.example",
        "tag:person/bo@a.example",
        "tag:team/cards",
    ]


def test_a_person_has_name_and_address_and_a_team_its_mailbox():
    tagger = Tagger()
    (ann,) = tagger.read(ROLE, {"owner": "Ann Lee <ann@a.example>"}).owners
    (ops,) = tagger.read(ROLE, {"owner": "Ops: ops@a.example"}).owners
    assert (ann.label, ann.facts) == (HUMAN, {"name": "Ann Lee", "email": "ann@a.example"})
    assert (ops.label, ops.facts) == (TEAM, {"name": "Ops", "email": "ops@a.example"})


def test_strange_values_are_told_once_for_each_key():
    tagger = Tagger()
    for value in ("prd7", "prd7", "blue", "green", "red"):
        tagger.read(ROLE, {"Environment": value})
    (said,) = tagger.warnings()
    assert said.startswith("tag Environment: 5 values are unknown and were left out")
    assert "'prd7' (2)" in said
    assert said.endswith(", ...")


def test_a_secret_in_a_tag_is_neither_kept_nor_told():
    tagger, secret = Tagger(), "ghp_" + "a1B2" * 9
    read = tagger.read(SERVICE_ACCOUNT, {"Owner": secret, "purpose": secret})
    assert (read.facts, read.owners) == ({}, ())
    assert secret not in str(tagger.warnings())


@pytest.mark.parametrize("folder", ["modernisation-platform/environments"])
def test_owners_of_a_real_platform(real_data, folder):
    """Each of its environments has tags of an owner and of who runs it, and each is understood."""
    files = sorted((real_data / folder).glob("*.json"))
    tags = [json.loads(f.read_text()).get("tags", {}) for f in files]
    # One environment names two addresses as its owner.
    wanted = sum("owner" in t for t in tags) + 1, sum("infrastructure-support" in t for t in tags)
    tagger = Tagger()
    found = [o for t in tags for o in tagger.read(ROLE, t).owners]
    roles = [o.role for o in found]
    assert wanted == (roles.count("business"), roles.count("technical"))
    assert wanted[0] > 30
    assert tagger.warnings() == []


# -- a company's own words ------------------------------------------------------------------------


def configured(tmp_path: Path, tags: str) -> TagMap:
    path = tmp_path / "sources.toml"
    path.write_text(f'[[source]]\nname = "aws"\npath = "x"\n{tags}')
    ((_, request),) = jobs_of(path, None, ())
    return request.tags


def test_keys_and_words_of_a_company_are_added_to_the_defaults(tmp_path):
    said = 'tags = { keys = { env = ["Umgebung"] }, words = { env = { Produktion = "prod" } } }'
    tagger = Tagger(configured(tmp_path, said))
    assert tagger.read(ROLE, {"acme:Umgebung": "PRODUKTION"}).facts == {"env": "prod"}
    assert tagger.read(ROLE, {"env": "dev"}).facts == {"env": "dev"}
    assert Tagger().read(ROLE, {"acme:Umgebung": "PRODUKTION"}).facts == {}


def test_they_may_stand_in_a_file_of_their_own(tmp_path):
    (tmp_path / "tags.toml").write_text('complete = true\n[keys]\nbusiness = ["Kostenstelle"]\n')
    read = configured(tmp_path, 'tags = "tags.toml"')
    assert read.complete
    assert [o.id for o in Tagger(read).read(ROLE, {"kostenstelle": "Cards"}).owners] == [
        "tag:team/cards"
    ]


@pytest.mark.parametrize(
    "tags",
    [
        "tags = 7",
        "tags = { colour = 1 }",
        'tags = { keys = { colour = ["x"] } }',
        "tags = { keys = { env = [1] } }",
        'tags = { words = { env = { x = "moon" } } }',
        'tags = { complete = "yes" }',
        'tags = "absent.toml"',
    ],
)
def test_a_map_that_cannot_be_used_is_refused(tmp_path, tags):
    with pytest.raises(InputRefused):
        configured(tmp_path, tags)
