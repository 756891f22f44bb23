"""Tables that people type by hand have blanks after commas."""

from pathlib import Path

from graph.schema import AGENT, CAN_ACCESS, OWNS, RESOURCE
from ingest.sources.estate import SOURCE
from tests.support.exports.loading import load

TOML = 'taken_at = 2026-08-01\nscope = "acme"\ndeclares = ["owners"]\n'
TABLES = {
    "nodes/Agent.csv": "id, name, status, third_party, created_at\n"
    "a-1, Bot , active , true , 2026-01-02 \n",
    "nodes/Human.csv": "id\nann\n",
    "nodes/Resource.csv": "id, sensitivity\nr-1,\trestricted\n",
    "relationships/OWNS.csv": "source_id,target_id,role\nann,a-1, business\n",
    "relationships/CAN_ACCESS.csv": 'source_id, target_id, levels\na-1,r-1," [""read""] "\n',
}


def _loaded(tmp_path: Path, tables):
    for name, content in tables.items():
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / "in" / "estate.toml").write_text(TOML)
    return load(SOURCE, tmp_path / "s", tmp_path / "in", scope=None, taken_at=None)


def test_blanks_around_typed_values_do_not_count(tmp_path):
    loaded = _loaded(tmp_path, TABLES)
    assert loaded.reasons == []
    (agent,) = loaded.rows(AGENT)
    assert (agent["id"], agent["status"], agent["third_party"]) == ("a-1", "active", True)
    assert loaded.of(RESOURCE, "id") == ["r-1"]
    assert [(r["source_id"], r["target_id"]) for r in loaded.rows(OWNS)] == [("ann", "a-1")]
    assert loaded.of(CAN_ACCESS, "levels") == ['["read"]']


def test_a_name_stays_as_it_is(tmp_path):
    (agent,) = _loaded(tmp_path, TABLES).rows(AGENT)
    assert agent["name"] == " Bot "
