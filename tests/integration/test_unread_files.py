"""A file that cannot be read, in every source: it is named, and nothing it stated is retired."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from graph.schema import ELEMENTS, SERVICE_ACCOUNT
from graph.stores.parquet.store import ParquetStore
from ingest.job.merge import Checked
from ingest.sources import all_sources
from tests.integration.cli import Run, Said
from tests.support.exports.example import Several
from tests.support.exports.examples.estate import ESTATE
from tests.support.exports.small_exports import EXPORTS, SEVERAL, write
from tests.support.search import some

FIRST, LATER = "2026-08-01T00:00:00Z", "2026-08-02T00:00:00Z"
BLOB = b"\0GITCRYPT\0" + bytes(range(97, 256))  # git-crypt: a mark, a nonce, then what looks random
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "not UTF-8": lambda data: data[: len(data) // 2] + b"\xe9\xff" + data[len(data) // 2 :],
    "NUL bytes": lambda data: data[: len(data) // 2] + b"\0\0" + data[len(data) // 2 :],
    "encrypted": lambda data: BLOB,
    "cut": lambda data: data[: len(data) // 2],
}
CASES = [
    pytest.param(case, damage, id=f"{case.source}-{case.damaged}-{damage}")
    for case in SEVERAL
    for damage in DAMAGES
    if damage != "cut" or case.damaged.endswith(".json")  # of lines and YAML a part may be whole
]


def stated(store: Path) -> set[str]:
    """Return the ids of all that is stated now, and relationships by their ends."""
    _, facts = ParquetStore(store).read()
    found: set[str] = set()
    for element in ELEMENTS:
        frame = facts.frames[element]
        found |= {*frame["id"]} if "id" in frame else set()
        if "source_id" in frame:
            ends = zip(frame["source_id"], frame["target_id"], strict=True)
            found |= {f"{a} {element.name} {b}" for a, b in ends}
    return found


def damaged(case: Several, damage: str) -> Several:
    changed = DAMAGES[damage](case.files[case.damaged])
    return replace(case, files={**case.files, case.damaged: changed})


@pytest.fixture
def take(cli: Run, tmp_path: Path) -> Callable[..., Said]:
    """Ingest an export by the command line, from the same folder each time."""

    def run(case: Several, at: str = FIRST, store: str = "store") -> Said:
        write(case.files, tmp_path / "export")
        return cli("ingest", case.source, tmp_path / "export", "--scope", "acme", "--taken-at", at,
                   "--store", tmp_path / store, "--json")  # fmt: skip

    return run


@pytest.mark.parametrize(("case", "damage"), some(CASES, 24))
def test_a_file_that_cannot_be_read_makes_the_read_partial(
    case: Several, damage: str, take: Callable[..., Said], cli: Run, tmp_path: Path
) -> None:
    whole = take(case).result
    assert whole["reads"][0]["complete"]
    before = stated(tmp_path / "store")
    assert {case.lost, case.stays} <= before

    said = take(damaged(case, damage), LATER)
    assert said.code == 0, said
    file = str(tmp_path / "export" / case.damaged)
    lost = [row for row in said.result["quarantined"] if row["whole_file"]]
    assert [row["file"] for row in lost] == [file]
    assert lost[0]["reason"]
    assert [read["complete"] for read in said.result["reads"]] == [False]
    assert stated(tmp_path / "store") >= before

    (scope,) = cli("sources", "--store", tmp_path / "store", "--json").result["scopes"]
    assert scope["state"] == "partial"
    assert [row["file"] for row in scope["unread"]] == [file]
    assert set(whole["reads"][0]["declares"]) <= set(scope["declares"])


@pytest.mark.parametrize(("case", "damage"), some(CASES, 24))
def test_what_the_other_files_say_is_there_without_a_former_read(
    case: Several, damage: str, take: Callable[..., Said], tmp_path: Path
) -> None:
    said = take(damaged(case, damage))
    assert said.code == 0, said
    found = stated(tmp_path / "store")
    assert case.stays in found
    assert case.lost not in found


TWINS = [
    case
    for case in SEVERAL
    if not case.missed and not all_sources()[case.source].adds_up  # logs add up
]


@pytest.mark.parametrize("case", TWINS, ids=lambda case: f"{case.source}-{case.damaged}")
def test_without_the_file_the_rest_would_be_believed(
    case: Several, take: Callable[..., Said], tmp_path: Path
) -> None:
    """The twin: a file that is not there tells nobody that it is missing."""
    take(case)
    (tmp_path / "export" / case.damaged).unlink()
    files = {name: data for name, data in case.files.items() if name != case.damaged}
    said = take(replace(case, files=files), LATER)
    assert said.result["reads"][0]["complete"]
    assert case.lost not in stated(tmp_path / "store")


SINGLE = [one for one in CASES if one.values[0].source not in ("csv", "estate")]


@pytest.mark.parametrize(("case", "damage"), some(SINGLE, 24))
def test_an_export_of_one_file_is_refused(
    case: Several, damage: str, cli: Run, tmp_path: Path
) -> None:
    """Exit code 3 with file and reason; nothing is published, wherever the file was found."""
    path = tmp_path / "export" / case.damaged
    write({case.damaged: DAMAGES[damage](case.files[case.damaged])}, tmp_path / "export")
    for asked in (path, tmp_path / "export"):
        said = cli("ingest", case.source, asked, "--store", tmp_path / "store", "--json")
        error = said.refused(3)
        assert str(path) in error["message"]
        assert error["place"] is not None
    kept = cli("snapshots", "--store", tmp_path / "store", "--json").result
    assert kept["snapshots"] == []


@pytest.mark.parametrize(
    ("export", "file"),
    [(ESTATE, "estate.toml"), (EXPORTS["csv"][0], "columns.toml")],
    ids=["estate", "csv"],
)
@pytest.mark.parametrize("damage", ["not UTF-8", "NUL bytes", "encrypted"])
def test_what_says_how_to_read_the_rest_is_indispensable(
    export: dict[str, bytes], file: str, damage: str, cli: Run, tmp_path: Path
) -> None:
    source = "estate" if file == "estate.toml" else "csv"
    write({**export, file: DAMAGES[damage](export[file])}, tmp_path / "export")
    said = cli("ingest", source, tmp_path / "export", "--store", tmp_path / "store", "--json")
    assert str(tmp_path / "export" / file) in said.refused(3)["message"]


def test_a_terminal_names_the_file(
    take: Callable[..., Said], cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = next(one for one in SEVERAL if one.source == "kubernetes")
    take(damaged(case, "encrypted"))
    monkeypatch.setenv("COLUMNS", "400")
    said = cli("sources", "--store", tmp_path / "store").out
    assert f"not read: {tmp_path / 'export' / 'a.yaml'}" in said


def test_several_files_that_are_named_are_as_those_of_a_folder(cli: Run, tmp_path: Path) -> None:
    """A shell writes `export/*.json` out: one of many files was not meant more than the others."""
    case = next(one for one in SEVERAL if one.source == "a2a")
    write(damaged(case, "encrypted").files, tmp_path / "export")
    paths = sorted((tmp_path / "export").iterdir())
    said = cli("ingest", "a2a", *paths, "--scope", "acme", "--store", tmp_path / "store", "--json")
    assert [row["file"] for row in said.result["quarantined"]] == [str(paths[0])]
    assert case.stays in stated(tmp_path / "store")


# -- what several files state of one thing ---------------------------------------------------------

ACCOUNT = b"""apiVersion: v1
kind: ServiceAccount
metadata: {name: ann, namespace: shop, labels: {env: prod}}
"""
BINDING = b"""apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: ann, namespace: shop}]
"""
NAMED = Several({"a.yaml": ACCOUNT, "b.yaml": BINDING}, "a.yaml", "prod", "", "kubernetes")


def env_of(store: Path) -> list[str]:
    accounts = ParquetStore(store).read()[1].frames[SERVICE_ACCOUNT]
    return accounts["env"].fillna("unknown").tolist()


def test_what_a_lost_file_said_of_a_thing_that_another_names_stays(
    take: Callable[..., Said], tmp_path: Path
) -> None:
    take(NAMED)
    assert env_of(tmp_path / "store") == ["prod"]
    assert take(damaged(NAMED, "encrypted"), LATER).code == 0
    assert env_of(tmp_path / "store") == ["prod"]


def test_the_poorer_word_would_replace_it(
    take: Callable[..., Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: a read that is merely partial replaces what it mentions."""
    take(NAMED)
    monkeypatch.setattr(Checked, "lost", ())
    take(damaged(NAMED, "encrypted"), LATER)
    assert env_of(tmp_path / "store") == ["unknown"]


# -- kinds of fact that a lost table would have stated ---------------------------------------------

OWNS = "relationships/OWNS.csv"


def orphans(cli: Run, store: Path) -> list[str]:
    line = ("findings", "--rule", "OWN-01", "--store", store, "--json")
    return sorted(row["subject"]["id"] for row in cli(*line).result["findings"])


def test_nobody_is_accused_for_want_of_a_lost_table(
    take: Callable[..., Said], cli: Run, tmp_path: Path
) -> None:
    said = take(damaged(Several(ESTATE, OWNS, "", "", "estate"), "encrypted"))
    assert "owners" not in said.result["reads"][0]["declares"]
    assert orphans(cli, tmp_path / "store") == []


def test_a_table_that_is_not_there_states_that_there_are_none(
    take: Callable[..., Said], cli: Run, tmp_path: Path
) -> None:
    """The twin: bot has an owner in the table; b2 has none."""
    files = {name: data for name, data in ESTATE.items() if name != OWNS}
    said = take(Several(files, OWNS, "", "", "estate"))
    assert "owners" in said.result["reads"][0]["declares"]
    assert orphans(cli, tmp_path / "store") == ["b2", "bot"]


def test_a_column_map_declares_nothing_of_a_lost_table(take: Callable[..., Said]) -> None:
    case = next(one for one in SEVERAL if one.source == "csv")
    assert "owners" in take(case).result["reads"][0]["declares"]
    lost = take(damaged(case, "encrypted"), store="another")
    assert lost.result["reads"][0]["declares"] == ["grants"]
