"""Policies of a public organization on Google Cloud; what is expected was read in the files."""

import json
from pathlib import Path

import pytest

from graph.schema import CAN_ACCESS, MEMBER_OF, RESOURCE, SERVICE_ACCOUNT
from ingest.sources.gcp import SOURCE
from tests.support.exports.loading import Loaded, load

ORG, PROD = "gcp:organizations/758905017065", "gcp:projects/k8s-artifacts-prod"
EARLY = "k8s-artifacts-prod/iam.json"
PROMOTER = "gcp:k8s-infra-gcr-promoter@k8s-artifacts-prod.iam.gserviceaccount.com"


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    path = real_data / "gcp-iam"
    if not path.is_dir():
        pytest.skip(f"no export at {path}")
    return path


@pytest.fixture(scope="module")
def loaded(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return load(SOURCE, tmp_path_factory.mktemp("gcp"), folder, scope=None)


def stated(loaded: Loaded) -> set[tuple[str, str, str]]:
    """Return the bindings that are no conclusions: member, what the policy is of, and role."""
    frame = loaded.graph.frames[CAN_ACCESS]
    own = frame[frame["derived"].isna()]
    return set(zip(own["source_id"], own["target_id"], own["role_name"], strict=True))


def test_every_binding_and_nothing_else(loaded: Loaded, folder: Path) -> None:
    """Counted in the files, but the early state of one project, which is shown as rejected."""
    files = [f for f in folder.rglob("iam.json") if f.relative_to(folder).as_posix() != EARLY]
    assert len(files) == 14
    wanted = sum(
        len(binding["members"])
        for file in files
        for binding in json.loads(file.read_text())["bindings"]
    )
    assert len(stated(loaded)) == wanted
    [(_, reason)] = loaded.reasons
    assert reason.startswith(f"another policy of {PROD} was read")
    assert not any(role == "roles/owner" and on == PROD for _, on, role in stated(loaded))


def test_what_lies_where_and_what_is_assumed(loaded: Loaded) -> None:
    """Three projects bind roles of the organization; of the other four it is assumed."""
    things = loaded.graph.frames[RESOURCE].set_index("id")
    assert (things["name"][ORG], things["type"][ORG]) == ("kubernetes.io", "organization")
    projects = things[things["type"] == "project"]
    assert set(projects.index[projects["parent_id"].notna()]) == {
        f"gcp:projects/{name}"
        for name in ("k8s-infra-prow-build", "k8s-infra-prow-build-trusted", "kubernetes-public")
    }
    assert len(projects) == 7
    assert things["parent_id"]["gcp:storage.googleapis.com/k8s-artifacts-prod"] == PROD


def test_workloads_of_kubernetes_may_act_as_the_promoter(loaded: Loaded) -> None:
    name = loaded.posture.graph.thing
    gained = {
        (name(p.source)["name"], p.rule)
        for p in loaded.posture.escalated.proofs
        if name(p.target)["id"] == PROMOTER and ".svc.id.goog[" in name(p.source)["name"]
    }
    trusted, prow = "k8s-infra-prow-build-trusted.svc.id.goog", "k8s-prow.svc.id.goog"
    assert gained == {
        (f"{pool}[test-pods/{account}]", "G1")
        for pool in (trusted, prow)
        for account in ("k8s-infra-gcr-promoter", "s3-sync")
    }


def test_an_editor_by_default_takes_the_accounts_of_its_project(loaded: Loaded) -> None:
    """The account that instances get by themselves may edit the project: a known mistake."""
    default = "gcp:127754664067-compute@developer.gserviceaccount.com"
    name = loaded.posture.graph.thing
    gained = {
        name(p.target)["name"]
        for p in loaded.posture.escalated.proofs
        if name(p.source)["id"] == default and p.rule == "G3"
    }
    accounts = loaded.graph.frames[SERVICE_ACCOUNT]["name"].dropna()
    own = accounts[accounts.str.endswith("@kubernetes-public.iam.gserviceaccount.com")]
    assert gained == {*own, "kubernetes-public@appspot.gserviceaccount.com"}
    assert len(own) >= 3


def test_members_of_the_sets_of_a_project(loaded: Loaded) -> None:
    frame = loaded.graph.frames[MEMBER_OF]
    editors = frame[frame["target_id"] == f"{PROD}/editors"]["source_id"]
    assert set(editors) == {
        "gcp:388270116193-compute@developer.gserviceaccount.com",
        "gcp:388270116193@cloudservices.gserviceaccount.com",
        "gcp:service-388270116193@containerregistry.iam.gserviceaccount.com",
    }


def test_what_is_unknown_is_said(loaded: Loaded) -> None:
    (coverage,) = loaded.graph.coverage
    assert coverage.declares == ("grants",)
    assert not coverage.complete
    assert coverage.scope == "758905017065"
