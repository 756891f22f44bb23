"""What a source itself calls a thing finds it: by `show`, in every source."""

import json
from pathlib import Path

import pytest

from graph.identity import lookup
from graph.identity.external_ids import KINDS
from graph.schema import FACT_NODES
from graph.stores.parquet.store import ParquetStore
from tests.integration.cli import Run
from tests.support.exports.example import as_json
from tests.support.exports.examples.github import GITHUB
from tests.support.exports.small_exports import NATIVE, write
from tests.support.search import some

PAIRS = [
    pytest.param(source, native, id_, id=f"{source}-{native}")
    for source, (_, ids) in NATIVE.items()
    for native, id_ in ids.items()
]


def load(source: str, cli: Run, folder: Path) -> None:
    where = write(NATIVE[source][0], folder / "export")
    where = folder / "export" if where.is_dir() else where
    said = cli("ingest", source, where, "--scope", "acme", "--taken-at", "2026-08-01T00:00:00Z",
               "--store", folder / "store", "--json")  # fmt: skip
    assert said.code == 0, said


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Keep the store of each source, made when it is first asked for."""
    return {source: tmp_path_factory.mktemp(source) for source in NATIVE}


@pytest.fixture
def store_of(stores: dict[str, Path], cli: Run):
    def opened(source: str) -> Path:
        if not (stores[source] / "store").exists():
            load(source, cli, stores[source])
        return stores[source] / "store"

    return opened


@pytest.mark.usefixtures("one_posture")
@pytest.mark.parametrize(("source", "native", "id_"), some(PAIRS, 20))
def test_what_a_source_calls_a_thing_shows_it(source, native, id_, store_of, cli) -> None:
    said = cli("show", native, "--store", store_of(source), "--json")
    assert said.code == 0, said
    assert said.result["id"] == id_


@pytest.mark.usefixtures("one_posture")
@pytest.mark.parametrize("source", NATIVE)
def test_every_id_that_is_kept_of_another_system_shows_its_thing(source, store_of, cli) -> None:
    """An id of several things is refused with all of them."""
    store = store_of(source)
    frames = ParquetStore(store).read()[1].frames
    for label in FACT_NODES:
        for row in frames[label].dropna(subset="external_ids").to_dict("records"):
            for known in json.loads(row["external_ids"]):
                said = cli("show", known.partition(":")[2], "--store", store, "--json")
                if said.code:
                    assert row["id"] in said.refused(2)["message"]
                else:
                    assert said.result["id"] == row["id"]


def test_an_id_of_two_things_is_told_as_ambiguous(cli: Run, tmp_path: Path) -> None:
    """GitHub numbers each sort of thing apart: repository 7 and team 7 are two."""
    export = GITHUB | {
        "acme/repos.json": as_json([{"name": "app", "full_name": "acme/app", "id": 7}])
    }
    write(export, tmp_path / "export")
    cli("ingest", "github", tmp_path / "export", "--store", tmp_path / "store", "--json")
    error = cli("show", "7", "--store", tmp_path / "store", "--json").refused(2)
    assert error["code"] == "ambiguous-thing"
    assert "github:acme/repository/app" in error["message"]
    assert "github:acme/team/pay" in error["message"]
    named = cli("show", "github_id:7", "--store", tmp_path / "store", "--json").refused(2)
    assert named["code"] == "ambiguous-thing"


def test_a_part_of_a_step_is_no_alias(store_of, cli) -> None:
    error = cli("show", "yments", "--store", store_of("backstage"), "--json").refused(2)
    assert error["code"] == "unknown-thing"


def test_without_the_end_of_its_id_a_thing_would_not_be_found(store_of, cli, monkeypatch) -> None:
    """The twin."""
    monkeypatch.setattr(lookup, "_native", lambda *_: [])
    error = cli("show", "ag-7", "--store", store_of("ocsf"), "--json").refused(2)
    assert error["code"] == "unknown-thing"


def test_such_ids_make_nothing_one() -> None:
    """Two systems may number their things alike."""
    kinds = {"github_id", "github_node", "github_app", "kubernetes_uid", "backstage_uid"}
    kinds |= {"application", "sign_in", "registry", "scim"}
    assert not kinds & {*KINDS}
