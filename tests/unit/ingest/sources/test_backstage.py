"""Catalog files in the shape of Backstage's descriptor format.

https://backstage.io/docs/features/software-catalog/descriptor-format and, for annotations,
https://backstage.io/docs/features/software-catalog/well-known-annotations.
"""

import json

import pytest

from graph.schema import AGENT, CALLS, HUMAN, MEMBER_OF, OWNS, RESOURCE, TEAM, TOOL, WAITING
from ingest.source import InputRefused
from ingest.sources.backstage import SOURCE
from tests.support.exports.loading import load
from tests.support.hostile.canaries import leaks

CATALOG = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: Payments
  title: Payment service
  annotations:
    github.com/project-slug: acme/payments
    aws.amazon.com/role: arn:aws:iam::123456789012:role/payments
spec:
  type: service
  lifecycle: production
  owner: team-pay
  system: money
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: helper, tags: [llm]}
spec: {type: ai-agent, lifecycle: experimental, owner: "user:ann", consumesApis: [ledger, gone]}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: ledger}
spec: {type: openapi, lifecycle: production, owner: group:default/team-pay, definition: secret}
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata: {name: money}
spec: {domain: finance}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: team-pay}
spec: {type: team, profile: {displayName: Pay, email: pay@acme.example}, parent: finance,
  children: [], members: [ann]}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata:
  name: ann
  annotations: {graph.microsoft.com/user-id: 0000-1}
spec: {profile: {displayName: Ann Lee, email: Ann@acme.example}, memberOf: [team-pay]}
"""
NO_ROLE = ("arn:aws:iam::123456789012:role/payments", "payments")
LOCATION = """
---
apiVersion: backstage.io/v1alpha1
kind: Location
metadata: {name: more}
spec: {targets: [./more.yaml]}
"""


@pytest.fixture
def read(tmp_path):
    def reading(said=CATALOG, name="catalog-info.yaml", alone=True, **others):
        folder = tmp_path / "repositories"
        for file, content in {name: said, **others}.items():
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return load(SOURCE, tmp_path / "s", folder / name if alone else folder)

    return reading


def test_who_owns_what(read):
    loaded = read()
    assert loaded.links(OWNS) == {
        ("Pay", "Payment service"),
        ("Ann Lee", "helper"),
        ("Pay", "ledger"),
    }
    assert {(r["role"], r["evidence"]) for r in loaded.rows(OWNS)} == {("business", "declared")}
    assert loaded.graph.coverage[0].declares == ("inventory", "owners")


def test_a_component_is_what_its_type_says(read):
    loaded = read()
    service = loaded.one(RESOURCE, name="Payment service")
    assert service["id"] == "backstage:demo/component/default/payments"
    assert (service["type"], service["parent_id"]) == (
        "service",
        "backstage:demo/system/default/money",
    )
    agent = loaded.one(AGENT, name="helper")
    assert (agent["kind"], agent["tags"]) == ("ai_agent", '["lifecycle:experimental","llm"]')
    assert loaded.one(TOOL, name="ledger")["kind"] == "api"
    assert loaded.links(CALLS) == {("helper", "ledger")}
    assert any(w.startswith("CALLS: 1 wait for another source") for w in loaded.done.warnings)
    (waits,) = [w for w in loaded.rows(WAITING) if w["relationship"] == "CALLS"]  # for `gone`
    assert "backstage:demo/api/default/gone" in waits["fact"]
    money = loaded.one(RESOURCE, name="money")
    assert money["parent_id"] == "backstage:demo/domain/default/finance"


def test_people_and_the_groups_they_are_in(read):
    loaded = read()
    ann = loaded.one(HUMAN, name="Ann Lee")
    assert (ann["email"], ann["external_ids"]) == ("ann@acme.example", '["entra_object:0000-1"]')
    pay = loaded.one(TEAM, name="Pay")
    assert pay["parent_id"] == "backstage:demo/group/default/finance"
    assert loaded.links(MEMBER_OF) == {("Ann Lee", "Pay")}


def test_the_owner_of_a_component_owns_the_role_that_it_names(read):
    """The role is another source's: the statement waits until somebody states it."""
    loaded = read(CATALOG.replace(", gone]", "]"))
    facts = [json.loads(f) for f in loaded.of(WAITING, "fact")]
    assert loaded.reasons == []
    assert loaded.done.warnings[-1].startswith("OWNS: 1 wait for another source, as target_id")
    assert [(f["source_id"], f["target_id"]) for f in facts] == [
        (
            "backstage:demo/group/default/team-pay",
            "arn:aws:iam::123456789012:role/payments",
        )
    ]


def test_an_owner_who_is_not_in_the_catalog_is_still_an_owner(read):
    loaded = read(CATALOG.replace(*NO_ROLE).split("---")[0])
    assert loaded.links(OWNS) == {("team-pay", "Payment service")}
    assert loaded.done.warnings == ["1 groups and users are named, but not among the entities"]


def test_a_thing_without_owner_is_known_to_have_none(read):
    loaded = read("---".join([*CATALOG.split("---")[1:2]]).replace('owner: "user:ann", ', ""))
    posture = loaded.posture
    assert posture.owner_states[posture.graph.find("helper")] == "none"


def test_names_are_one_in_any_case_and_namespace_counts(read):
    other = CATALOG.split("---")[0].replace("Payments", "payments")
    loaded = read(CATALOG + "---\n" + other)
    assert len([r for r in loaded.rows(RESOURCE) if r["name"] == "Payment service"]) == 1
    assert any("read already" in w for w in loaded.done.warnings)
    apart = other.replace("metadata:", "metadata:\n  namespace: eu")
    loaded = read(CATALOG + "---\n" + apart)
    ids = {r["id"] for r in loaded.rows(RESOURCE) if r["name"] == "Payment service"}
    assert ids == {
        "backstage:demo/component/default/payments",
        "backstage:demo/component/eu/payments",
    }


def test_the_api_of_the_catalog_gives_the_same(read):
    entities = [
        {
            "apiVersion": "backstage.io/v1alpha1",
            "kind": "Component",
            "metadata": {"name": "payments", "uid": "u-1"},
            "spec": {"type": "service", "owner": "group:default/team-pay"},
            "relations": [{"type": "ownedBy", "targetRef": "group:default/team-pay"}],
        }
    ]
    for document in (entities, {"items": entities, "totalItems": 1}, entities[0]):
        loaded = read(json.dumps(document), name="entities.json")
        assert loaded.links(OWNS) == {("team-pay", "payments")}


def _page(name, cursor, total=2):
    entity = {"apiVersion": "backstage.io/v1alpha1", "kind": "Component"}
    entity |= {"metadata": {"name": name}, "spec": {"type": "service", "owner": "team-a"}}
    info = {"nextCursor": cursor} if cursor else {}
    return json.dumps({"items": [entity], "totalItems": total, "pageInfo": info})


@pytest.mark.parametrize(
    ("files", "complete"),
    [
        ({"1.json": _page("a", "x")}, False),
        ({"1.json": _page("a", "x"), "2.json": _page("b", "")}, True),
        ({"1.json": _page("a", "x") + _page("b", "")}, True),
        ({"1.json": _page("a", "x", 3), "3.json": _page("c", "", 3)}, False),
        ({"1.json": _page("a", "", 1), "2.json": _page("b", "", 1)}, True),
    ],
)
def test_a_page_of_the_catalog_is_not_all_of_it(tmp_path, files, complete):
    """One page was read as the whole, and ended what stands on the others."""
    (tmp_path / "in").mkdir()
    for name, content in files.items():
        (tmp_path / "in" / name).write_text(content)
    loaded = load(SOURCE, tmp_path / "s", tmp_path / "in")
    assert loaded.graph.coverage[0].complete is complete
    assert len(loaded.rows(RESOURCE)) == sum(text.count("metadata") for text in files.values())


def test_other_kinds_alone_are_refused_and_end_nothing(read):
    """An empty reading would be complete, and end all that is known of the catalog."""
    with pytest.raises(InputRefused, match="nothing in it is an entity that has an owner"):
        read(LOCATION)


def test_other_kinds_are_counted(read):
    catalog = CATALOG.replace(*NO_ROLE).replace(", gone]", "]") + LOCATION
    assert read(catalog).done.warnings == ["entities of other kinds were passed over: 1 Location"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("name: Payments", "name: 12"), "an entity must have a name of"),
        (("owner: team-pay", "owner: 'a b'"), "the owner is not the name of a group or a user"),
        (("owner: team-pay", "owner: component:x"), "the owner is not the name of a group"),
        (("members: [ann]", "members: [[ann]]"), "members holds an entry that names no user"),
    ],
)
def test_a_wrong_entity_is_set_aside_with_its_line(read, change, reason):
    ((place, said),) = read(CATALOG.replace(*NO_ROLE).replace(*change)).reasons
    assert place.startswith("line ")
    assert said.startswith(reason)


def test_files_that_are_to_be_filled_in_are_counted_and_the_catalog_is_whole(read):
    """Skeletons of the scaffolder and charts. Twin: a catalog file that is broken is set aside."""
    head = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n"
    chart = (
        "kind: Deployment\nmetadata:\n  labels:\n    backstage.io/kubernetes-id: {{ .V.name }}\n"
    )
    named = {
        "skeleton/catalog-info.yaml": f"{head}  name: ${{{{ values.id }}}}\nspec: {{}}\n",
        "other/catalog-info.yaml": f"{head}  {{%- if values.x %}}\n  name: a\n  {{%- endif %}}\n",
        "chart/deploy.yaml": chart,
        "template.yaml": "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\n"
        "metadata: {name: golden}\n",
    }
    loaded = read(CATALOG.replace(*NO_ROLE), alone=False, **named)
    assert loaded.reasons == []
    assert loaded.graph.coverage[0].complete
    others = "entities of other kinds were passed over: 1 Template, 3 unfilled template"
    assert others in loaded.done.warnings
    broken = {"x/catalog-info.yaml": f"{head}  name: a\n  x: '{{{{ y }}}}'\n\n\n\n  z: [\n"}
    loaded = read(CATALOG.replace(*NO_ROLE), alone=False, **broken)
    assert len(loaded.reasons) == 1
    assert not loaded.graph.coverage[0].complete


def test_an_e_mail_names_a_person_where_a_reference_should_stand(read):
    loaded = read(CATALOG.replace(*NO_ROLE).replace("owner: team-pay", "owner: Jo@acme.example"))
    jo = loaded.one(HUMAN, name="jo@acme.example")
    assert (jo["id"], jo["email"]) == (
        "backstage:demo/user/default/jo@acme.example",
        "jo@acme.example",
    )
    assert ("jo@acme.example", "Payment service") in loaded.links(OWNS)
    assert loaded.reasons == []


def test_one_entity_of_a_repository_is_the_repository_and_several_are_none(read):
    """Twin: each of several would be the one, and nothing could be made one of them."""
    alone = read(CATALOG.replace(*NO_ROLE)).one(RESOURCE, name="Payment service")
    assert alone["external_ids"] == '["github:acme/payments"]'
    slug = "metadata: {name: money, annotations: {github.com/project-slug: Acme/Payments}}"
    several = read(CATALOG.replace(*NO_ROLE).replace("metadata: {name: money}", slug))
    assert set(several.of(RESOURCE, "external_ids")) == {None}


def test_a_group_knows_its_parent_from_the_parent_too(read):
    above = CATALOG.replace("parent: finance", "children: []").replace("children: [], ", "")
    above += "---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: all}\n"
    loaded = read(above.replace(*NO_ROLE) + "spec: {type: unit, children: [team-pay]}\n")
    assert loaded.one(TEAM, name="Pay")["parent_id"] == "backstage:demo/group/default/all"


def test_in_a_folder_other_files_do_not_matter_and_broken_catalogs_are_set_aside(read):
    others = {
        "a/values.yaml": "{{- if x }}\n",
        "b/catalog-info.yaml": "apiVersion: backstage.io/v1alpha1\nkind: [",
        "c/package.json": "{}",
        "node_modules/x/catalog-info.yaml": CATALOG,
    }
    loaded = read(CATALOG.replace(*NO_ROLE), alone=False, **others)
    assert [(r.file.split("/")[-2:], r.reason) for r in loaded.done.quarantined] == [
        (["b", "catalog-info.yaml"], "is not YAML")
    ]
    assert loaded.graph.coverage[0].complete is False
    assert len(loaded.rows(AGENT)) == 1


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("a: 1\na: 2\n# backstage.io/\n", "a key is repeated"),
        ("a: &a [*a]\n# backstage.io/\n", "alias"),
        ("kind: Component\n", "holds no entity"),
        ("[" * 200 + "backstage.io/", "is nested more than 100 deep"),
        ("", "is empty"),
    ],
)
def test_what_is_no_catalog_is_refused(read, said, reason):
    with pytest.raises(InputRefused, match=reason):
        read(said)


def test_no_secret_gets_out_wherever_it_stands(tmp_path):
    import yaml

    entities = list(yaml.safe_load_all(CATALOG))
    assert leaks(SOURCE, tmp_path / "entities.json", entities) == []
