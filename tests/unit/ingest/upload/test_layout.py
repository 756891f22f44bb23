"""What a browser sends is laid out as a command would find it, and nothing lies anywhere else."""

import io
import os
import stat
import time
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pandas as pd
import pytest

from graph.frames import FILE
from graph.journal.failed_reads import UPLOAD_FOLDER
from ingest.source import InputRefused, Reading, Request, Source, Upload
from ingest.sources import all_sources
from ingest.upload.layout import (
    OLD,
    Order,
    Received,
    is_plain,
    lay_out,
    own_folder,
    read_order,
)
from tests.support.exports.small_exports import EXPORTS, write
from tests.support.hostile.canaries import forms

AT = pd.Timestamp("2026-08-01", tz="UTC")
HOSTILE = [
    "../../etc/passwd",
    "..\\..\\x.json",
    "/etc/cron.d/x",
    "<img src=x onerror=alert(1)>.json",
    "gnp.\u202enosj",
    "a\x00b.json",
    "a\nb.json",
    "x" * 10_000 + ".json",
    "CON.json",
    "nul",
    "..",
    ".",
    "",
    " .json",
    "trailing.",
    "\ud800.json",
    "🕸" * 60,
]


def sent(
    files: Sequence[tuple[str, bytes]],
    folder: Path,
    upload: Upload | None = None,
    said: str = "",
    expanded: int = 64,
    members: int = 1_000,
) -> Received:
    """Lay out files as the app sends them."""
    (folder / "uploaded").mkdir(parents=True)
    sizes = tuple((name, len(data)) for name, data in files)
    order = Order("x", "", "", said, folder, sizes, 0, expanded, members)
    stream = io.BytesIO(b"".join(data for _, data in files))
    return lay_out(order, stream, upload or Upload(), folder / "uploaded")


def packed(files: Mapping[str, bytes], top: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(f"{top}{name}", data)
    return buffer.getvalue()


def below(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


# -- an upload is read as the command reads it -----------------------------------------------------


def facts(reading: Reading) -> dict[str, object]:
    """Return what was read, without where it was read."""
    rows = {
        element.name: sorted(frame.drop(columns=FILE).astype(str).to_numpy().tolist())
        for element, frame in reading.rows.items()
    }
    coverage = reading.scope, reading.taken_at, reading.complete, tuple(reading.declares)
    return {"rows": rows, "coverage": coverage, "warned": len(reading.warnings)}


def read(source: Source, paths: Sequence[Path]) -> dict[str, object]:
    return facts(source.read(Request(tuple(paths), None, AT)))


@pytest.mark.parametrize("name", EXPORTS)
def test_a_zip_of_a_folder_is_read_as_the_folder(name: str, tmp_path: Path) -> None:
    source, export = all_sources()[name], EXPORTS[name][0]
    folder = tmp_path / ("acme" if source.upload.unpack else "uploaded")
    write(export, folder)
    for number, data in enumerate((packed(export, "acme/"), packed(export))):
        got = sent([("acme.zip", data)], tmp_path / str(number), source.upload)
        assert read(source, got.paths) == read(source, [folder]), data[:60]


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("mcp_config", "agent-configs/clients"),
        ("kubernetes", "kubehound-rbac"),
        ("aws", "cloudmapper-demo"),
        ("entra", "scubagear"),
    ],
)
def test_a_zip_of_a_real_folder_is_read_as_the_folder(
    name: str, where: str, real_data: Path, tmp_path: Path
) -> None:
    folder = real_data / where
    files = {str(f.relative_to(folder)): f for f in folder.rglob("*") if f.is_file()}
    archive = packed({n: f.read_bytes() for n, f in files.items()}, f"{folder.name}/")
    source = all_sources()[name]
    got = sent([("export.zip", archive)], tmp_path / "s", source.upload)
    assert got.names.replaced == {}
    assert read(source, got.paths) == read(source, [folder])


@pytest.mark.parametrize("name", [n for n, e in EXPORTS.items() if "/" not in "".join(e[0])])
def test_files_are_read_as_those_that_a_command_names(name: str, tmp_path: Path) -> None:
    source, export = all_sources()[name], EXPORTS[name][0]
    folder = tmp_path / "command" / "uploaded"
    write(export, folder)
    named = [folder] if name == "csv" else [folder / file for file in export]
    got = sent(list(export.items()), tmp_path / "sent", source.upload)
    assert read(source, got.paths) == read(source, named)


def test_a_file_of_owners_is_of_the_repository_that_is_said(tmp_path: Path) -> None:
    source = all_sources()["codeowners"]
    data = EXPORTS["codeowners"][0][".github/CODEOWNERS"]
    root = tmp_path / "command" / "api"
    write({".git/config": b"url = git@github.com:acme/api.git\n", "CODEOWNERS": data}, root)
    wanted = source.read(Request([root / "CODEOWNERS"], "acme", AT))
    got = sent([("CODEOWNERS.txt", data)], tmp_path / "a", source.upload, "github.com/acme/api")
    assert facts(source.read(Request(got.paths, "acme", AT))) == facts(wanted)
    bare = sent([("CODEOWNERS", data)], tmp_path / "b", source.upload, "api")
    assert bare.paths[0].parent.name == "api"
    assert below(bare.folder) == ["repository/api/CODEOWNERS"]


@pytest.mark.parametrize("said", ["", "acme/api", "../x", "github.com/../x", 'x"\n[core]', "a b"])
def test_what_names_no_repository_is_refused(said: str, tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match=r"repository|write it as"):
        sent([("CODEOWNERS", b"* @x")], tmp_path / "s", all_sources()["codeowners"].upload, said)
    assert below(tmp_path) == ["s/uploaded/CODEOWNERS"]


def test_a_column_map_may_be_typed_in(tmp_path: Path) -> None:
    source, export = all_sources()["csv"], EXPORTS["csv"][0]
    folder = tmp_path / "uploaded"
    write(export, folder)
    typed = export["columns.toml"].decode()
    tables = [(name, data) for name, data in export.items() if name != "columns.toml"]
    got = sent(tables, tmp_path / "a", source.upload, typed)
    assert read(source, got.paths) == read(source, [folder])
    other = sent([("map.toml", export["columns.toml"]), *tables], tmp_path / "b", source.upload)
    assert read(source, other.paths)["rows"] == read(source, [folder])["rows"]
    with pytest.raises(InputRefused, match=r"^columns\.toml: is a column map already"):
        sent(list(export.items()), tmp_path / "c", source.upload, typed)


def test_a_configuration_lies_in_the_hidden_folder_that_is_said(tmp_path: Path) -> None:
    source = all_sources()["mcp_config"]
    data = next(iter(EXPORTS["mcp_config"][0].values()))
    home = tmp_path / "home" / ".cursor"
    write({"mcp.json": data}, home)
    got = sent([("mcp.json", data)], tmp_path / "a", source.upload, ".cursor")
    wanted = facts(source.read(Request([home / "mcp.json"], "x", AT)))
    assert facts(source.read(Request(got.paths, "x", AT))) == wanted
    assert "Cursor" in str(wanted)
    for said in ("..", "../.cursor", ".mcp.json", "secret"):
        with pytest.raises(InputRefused, match="must be one of"):
            sent([("mcp.json", data)], tmp_path / f"b{hash(said)}", source.upload, said)


def test_an_archive_that_a_source_reads_itself_stays_whole(tmp_path: Path) -> None:
    archive = packed(EXPORTS["opengraph"][0])
    got = sent([("graph.zip", archive)], tmp_path / "a", all_sources()["opengraph"].upload)
    assert [path.name for path in got.paths] == ["graph.zip"]


def test_packed_files_keep_their_dates(tmp_path: Path) -> None:
    """An export without a date is as old as its files, and not as young as its upload."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("old.json", (2025, 3, 4, 5, 6, 8)), b"{}")
        archive.writestr(zipfile.ZipInfo("future.json", (2099, 1, 1, 0, 0, 0)), b"{}")
    (folder,) = sent([("a.zip", buffer.getvalue())], tmp_path / "s").paths
    old = pd.Timestamp((folder / "old.json").stat().st_mtime, unit="s", tz="UTC")
    assert old == pd.Timestamp("2025-03-04T05:06:08Z")
    assert (folder / "future.json").stat().st_mtime <= time.time()


# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_replaced_and_told(name: str, tmp_path: Path) -> None:
    got = sent([(name, b"{}"), ("good name (1).json", b"[]")], tmp_path / "s")
    (replaced,) = got.names.replaced
    assert below(tmp_path) == sorted([f"s/uploaded/{replaced}", "s/uploaded/good name (1).json"])
    assert is_plain(replaced)
    (note,) = got._notes()
    assert note.endswith(f"read as {replaced}")
    assert len(note) < 200
    said = got.refused(InputRefused(got.paths[0], "line 1", "is wrong"))
    given = got.names.replaced[replaced]
    assert said.file == given.encode(errors="backslashreplace").decode()  # as it can be printed
    assert str(tmp_path) not in str(said)


@pytest.mark.parametrize(
    "name",
    [
        ".mcp.json",
        "CODEOWNERS",
        "claude_desktop_config.json",
        "access list (1).csv",
        "Überblick_日本.json",
        "arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fservice-role%2Flevel1",
        "system:node.yaml",
        "conso\u0301le.log.json.gz",
        "x" * 195 + ".json",
    ],
)
def test_a_plain_name_is_kept(name: str, tmp_path: Path) -> None:
    """Sources learn from names, so nothing that names a file in earnest is replaced."""
    got = sent([(name, b"{}")], tmp_path / "s")
    assert got.names.replaced == {}
    assert got.paths[0].name == unicodedata.normalize("NFC", name)


def test_without_the_check_such_a_name_leads_out(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert not (folder / HOSTILE[0]).resolve().is_relative_to(folder)
    assert not (folder / HOSTILE[2]).is_relative_to(folder)


def test_two_files_of_one_name_lie_apart(tmp_path: Path) -> None:
    names = ["mcp.json", "MCP.json", "mcp.json", "upload-1.json"]
    got = sent([(name, name.encode()) for name in names], tmp_path / "s")
    assert len({path.name.casefold() for path in got.paths}) == 4
    assert sorted(got.names.replaced.values()) == ["MCP.json", "mcp.json", "upload-1.json"]


def test_a_name_tells_no_secret(tmp_path: Path) -> None:
    secret = forms("aB3" * 20, "0f" * 30)["GitHub token"]
    got = sent([(f"<{secret}>.json", b"")], tmp_path / "s")
    assert secret not in str(got.names.replaced)
    assert "redacted" in str(got.names.replaced)


# -- archives --------------------------------------------------------------------------------------


def refused(data: bytes, tmp_path: Path, name: str = "a.zip", **bounds: int) -> str:
    with pytest.raises(InputRefused) as error:
        sent([(name, data)], tmp_path / "s", **bounds)
    assert not [p for p in below(tmp_path / "s") if not p.startswith("uploaded/")]
    assert not error.value.file.startswith("/")
    return str(error.value)


def test_nothing_leads_out_of_an_archive(tmp_path: Path) -> None:
    for number, name in enumerate(("../x", "a/../../x", "/x", "..\\x", "C:/x", "a\\..\\..\\x")):
        assert "outside the archive" in refused(packed({name: b"1"}), tmp_path / str(number))


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert "link: is a link" in refused(buffer.getvalue(), tmp_path)


def test_archives_do_not_nest_and_compressed_files_do(tmp_path: Path) -> None:
    inner = packed({"x.json": b"{}"})
    assert "archive within the archive" in refused(packed({"in.zip": inner}), tmp_path / "a")
    got = sent([("a.zip", packed({"log.json.gz": b"\x1f\x8b\x08"}))], tmp_path / "b")
    assert below(got.paths[0]) == ["log.json.gz"]


def test_bombs_are_refused_before_they_fill_the_disk(tmp_path: Path) -> None:
    bomb = packed({"zeros": bytes(40 << 20)})
    assert len(bomb) < 100_000
    assert "expands to more than 16 MiB" in refused(bomb, tmp_path / "a", expanded=512)
    noise = os.urandom(700_000)
    two = [("a.zip", packed({"x": noise})), ("b.zip", packed({"x": noise}))]
    with pytest.raises(InputRefused, match=r"^b\.zip: expands to more than"):
        sent(two, tmp_path / "b", expanded=1)
    assert len(sent(two, tmp_path / "c", expanded=2).paths) == 2
    many = packed({f"{n}": b"" for n in range(50)})
    assert "more than 49 files" in refused(many, tmp_path / "d", members=49)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["a", "a/b"], "lies below a file"),
        (["a/b", "a\\b"], "is in the archive twice"),
        (["/".join("abcdefghijklmnopqrstuvwxyz")], "lies too deep"),
        (["x" * 1_001], "has a name too long"),
        (["__MACOSX/x", ".DS_Store"], "holds no files"),
    ],
)
def test_odd_trees_are_refused(names: list[str], reason: str, tmp_path: Path) -> None:
    assert reason in refused(packed(dict.fromkeys(names, b"1")), tmp_path)


def test_a_tree_keeps_its_hidden_folders_and_odd_names_are_replaced_within(tmp_path: Path) -> None:
    files = {".cursor/mcp.json": b"1", "<b>/x.json": b"2", "<b>/y.json": b"3", "c\\d.json": b"4"}
    got = sent([("home.ZIP", packed(files, "home/"))], tmp_path / "s")
    assert below(got.paths[0]) == [
        ".cursor/mcp.json", "c/d.json", "upload-1/x.json", "upload-1/y.json",
    ]  # fmt: skip
    assert got.names.replaced == {"upload-1": "<b>"}


def test_what_is_no_archive_is_refused_as_such(tmp_path: Path) -> None:
    assert refused(b"PK\x03\x04junk", tmp_path / "a") == (
        "a.zip: is not a ZIP archive that can be read"
    )
    cut = packed({"x": b"1" * 1000})
    assert "ZIP archive" in refused(cut[: len(cut) // 2], tmp_path / "b")


# -- the folder, and what comes through the pipe ---------------------------------------------------


def test_the_folder_is_private_and_gone_in_the_end(tmp_path: Path) -> None:
    folder = tmp_path / f"{UPLOAD_FOLDER}1"
    with ExitStack() as stack:
        stack.enter_context(pytest.raises(ZeroDivisionError))
        inner = stack.enter_context(own_folder(folder))
        (inner / "x").write_text("x")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        stack.callback(divmod, 1, 0)
    assert not folder.exists()


def test_what_a_killed_upload_left_is_removed_by_the_next(tmp_path: Path) -> None:
    names = (f"{UPLOAD_FOLDER}a", f"{UPLOAD_FOLDER}b", "mine")
    left, running, other = (tmp_path / name for name in names)
    for folder in (left, running, other):
        (folder / "in").mkdir(parents=True)
    for folder in (left, other):
        os.utime(folder, (time.time() - 2 * OLD,) * 2)
    with own_folder(tmp_path / f"{UPLOAD_FOLDER}c"):
        assert (left.exists(), running.exists(), other.exists()) == (False, True, True)


@pytest.mark.parametrize(
    "data", [b"", b"\0\0", b"\xff\xff\xff\xff", b"\0\0\0\2[]", b"\0\0\0\x09{}", b"\0\0\0\2{}"]
)
def test_a_pipe_that_breaks_off_is_refused(data: bytes) -> None:
    with pytest.raises(InputRefused, match="did not arrive whole"):
        read_order(io.BytesIO(data))


def test_a_file_that_breaks_off_is_refused(tmp_path: Path) -> None:
    (tmp_path / "uploaded").mkdir()
    order = Order("x", "", "", "", tmp_path, (("a.json", 10),))
    with pytest.raises(InputRefused, match="did not arrive whole"):
        lay_out(order, io.BytesIO(b"123"), Upload(), tmp_path / "uploaded")
