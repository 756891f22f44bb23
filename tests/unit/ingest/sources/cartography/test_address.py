"""Addresses of databases in place of files: which are taken, and what a refusal says."""

from pathlib import Path

import pytest

from ingest.configuration import jobs_of
from ingest.source import InputRefused
from ingest.sources import all_sources
from ingest.sources.cartography.database import scope_of_address

SECRET = "canary-c0ffee-1"
GOOD = ["bolt://127.0.0.1:7687", "neo4j://localhost", "neo4j+s://db.example.com:9999"]
BAD = {
    f"bolt://neo4j:{SECRET}@127.0.0.1:7687": "does not belong in the URI; "
    "set TRUSTDEBT_CARTOGRAPHY_USER and TRUSTDEBT_CARTOGRAPHY_PASSWORD",
    f"bolt://{SECRET}@db.example.com": "does not belong in the URI",
    f"http://neo4j:{SECRET}@127.0.0.1:7474": "starts with one of bolt://",
    f"bolt://127.0.0.1:7687/{SECRET}": "nothing else",
    f"bolt://127.0.0.1:{SECRET}": "no valid host and port",
    "bolt://db.example.com:7687": r"use bolt\+s://",
    "neo4j+ssc://10.0.0.5": "must be encrypted",
}


@pytest.mark.parametrize("address", GOOD)
@pytest.mark.parametrize("by", ["command", "configuration"])
def test_an_address_is_read_in_place_of_files(tmp_path: Path, address: str, by: str):
    config = tmp_path / "all.toml"
    config.write_text(f'[[source]]\nname = "cartography"\npath = "{address}"\n')
    named = (None, "cartography", [address])
    ((source, request),) = jobs_of(*(named if by == "command" else (config, None, [])))
    assert source.name == "cartography"
    assert (request.paths, request.address, request.names) == ((), address, [address])


@pytest.mark.parametrize(("address", "why"), BAD.items())
@pytest.mark.parametrize("by", ["command", "configuration"])
def test_a_bad_address_is_refused_and_not_repeated(tmp_path: Path, address: str, why: str, by: str):
    config = tmp_path / "all.toml"
    config.write_text(f'[[source]]\nname = "cartography"\npath = ["{address}"]\n')
    named = (None, "cartography", [address])
    with pytest.raises(InputRefused, match=why) as refused:
        jobs_of(*(named if by == "command" else (config, None, [])))
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("name", [n for n in all_sources() if n != "cartography"])
def test_sources_of_files_take_no_address(name: str):
    with pytest.raises(InputRefused, match="reads files and folders only") as refused:
        jobs_of(None, name, [f"bolt://x:{SECRET}@127.0.0.1"])
    assert SECRET not in str(refused.value)


def test_an_address_stands_alone(tmp_path: Path):
    with pytest.raises(InputRefused, match="one address, and no files"):
        jobs_of(None, "cartography", [GOOD[0], str(tmp_path)])


def test_a_file_is_still_read_as_one(tmp_path: Path):
    ((_, request),) = jobs_of(None, "cartography", [str(tmp_path / "graph.json")])
    assert (request.paths, request.address) == ((tmp_path / "graph.json",), None)


@pytest.mark.parametrize(
    ("address", "scope"),
    [("bolt://[::1]:7687", "localhost"), ("bolt://localhost", "localhost"),
     ("bolt://127.0.0.1:7688", "localhost:7688"), ("neo4j+s://a.example", "a.example")],
)  # fmt: skip
def test_a_database_is_one_scope_however_it_is_called(address: str, scope: str):
    assert scope_of_address(address) == scope
