"""The options that every command has: they mean the same everywhere, or are refused."""

from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any, get_args

import pytest

import trustdebt
from app.cli.command import QUESTIONS as ASKED
from app.cli.command import UsageError
from app.cli.options.usual import LIMIT, MOMENT
from graph.stores.parquet.store import ParquetStore
from graph.values import iso
from ingest import generator
from ingest.job.run import ingest
from tests.integration.cli import QUESTIONS, Run, Said, example, words
from tests.support.estates.planned_agents import but, written
from tests.support.estates.small_estates import AS_OF, ago
from tests.support.search import some

COMMANDS = {command.name for command in trustdebt.app.registered_commands}
BY_ITSELF = {"receive", "app"}  # takes its order from a stream; serves until it is stopped
WRITES = {  # what is decided, or written elsewhere; each time into a store of its own
    "ingest": lambda folder: ["estate", example().write(folder / "estate")],
    "estate": lambda folder: ["--out", folder / "made", "--agents", 5],
    "demo": lambda folder: ["--agents", 5],
    "export": lambda folder: ["opengraph", "--out", folder / "g.json"],
    "report": lambda folder: ["--out", folder / "r.html"],
    "accept": lambda folder: ["F-", "--until", ago(-9), "--by", "ann", "--reason", "known"],
    "confirm": lambda folder: [1, "--by", "ben", "--reason", "agreed"],
    "attest": lambda folder: ["ledger", "--owner", "ann", "--by", "ann"],
    "review": lambda folder: ["bot", "--decision", "approve", "--by", "ann", "--reason", "so"],
    "apart": lambda folder: ["bot", "bot", "--by", "ann", "--reason", "so"],
    "seal": lambda folder: ["--seal-key", folder / "key", "--new"],
    "withdraw": lambda folder: [1, "--by", "ann", "--reason", "so"],
    "gate": lambda folder: [written(folder, but(owners={}))],  # writes nothing, and says no
}
WRITES |= {  # what is not above is asked with the words of its example
    name: partial(lambda given, _: given, words(name, answer))
    for name, (answer, its) in ASKED.items()
    if its.writes and name not in WRITES
}
LINES = {**QUESTIONS, "sources": [], "snapshots": []}
SUMMARIES = {
    "measures",
    "not_evaluable",
    "pillars",
    "by_cause",
    "forecast",
    "phases",
    "moves",
    "trend",
}  # short, and said in full
EMPTY_AT = "2020-01-01T00:00:00Z"  # before the estate's first fact


def line(name: str, folder: Path) -> list[object]:
    return [name, *(WRITES[name](folder) if name in WRITES else LINES[name])]


def lists(result: dict[str, Any]) -> dict[str, int]:
    """Count the rows of each list in an answer."""
    return {k: len(v) for k, v in result.items() if isinstance(v, list) and v and is_row(v[0])}


def is_row(value: object) -> bool:
    return isinstance(value, dict)


def test_every_command_is_asked_here():
    assert set(LINES) | set(WRITES) == COMMANDS - BY_ITSELF


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """Publish the estate in a store that nothing else uses."""
    ingest(ParquetStore(tmp_path / "store"), [example().job()])
    return tmp_path / "store"


@pytest.fixture
def own(name: str, kept: Path, request: pytest.FixtureRequest) -> Path:
    """Return a store of its own for a command that writes; the others may share one."""
    return Path(request.getfixturevalue("fresh")) if name in WRITES else kept


@pytest.mark.usefixtures("one_posture")
@pytest.mark.parametrize("name", sorted(set(LINES)))
def test_limit_cuts_or_is_refused(cli: Run, tmp_path, name):
    """Every list is cut to it, and what is left out is told; 0 shows all."""
    cut = cli(*line(name, tmp_path), "--limit", 1, "--json")
    if cut.code == 2:
        assert "--limit" in cut.document["error"]["message"]
        return
    whole = cli(*line(name, tmp_path), "--limit", 0, "--json")
    assert (cut.code, whole.code, whole.document["left_out"]) == (0, 0, 0)
    all_rows, rows = lists(whole.result), lists(cut.result)
    shorter = sum(count - rows[k] for k, count in all_rows.items())
    assert cut.document["left_out"] >= shorter
    assert {k: n for k, n in rows.items() if n > 1 and k not in SUMMARIES} == {}, rows


@pytest.mark.parametrize("name", sorted(WRITES.keys() - {"demo"}))
def test_what_writes_refuses_a_limit_or_cuts(cli: Run, fresh, tmp_path, name):
    said = cli(*line(name, tmp_path), "--limit", 1, "--store", fresh, "--json")
    if said.code == 2 and "--limit" in said.document["error"]["message"]:
        return
    assert {k: n for k, n in lists(said.result).items() if n > 1} == {}


@pytest.mark.parametrize("option", MOMENT)
@pytest.mark.usefixtures("one_posture")
@pytest.mark.parametrize("name", some(sorted(COMMANDS - BY_ITSELF), 20))
def test_the_moment_is_obeyed_or_refused(cli: Run, own, tmp_path, name, option):
    """No command looks at another snapshot, or another instant, than it was told to."""
    value = {"snapshot": "no-such-snapshot", "as_of": EMPTY_AT}[option]
    flag = f"--{option.replace('_', '-')}"
    said = cli(*line(name, tmp_path), flag, value, "--store", own, "--json")
    if said.code == 2:
        return
    assert option == "as_of", "a snapshot that is not there"
    assert said.document["as_of"] == EMPTY_AT


def test_the_twin_a_moment_that_is_there(cli: Run, kept):
    current = ParquetStore(kept).current()
    assert current is not None
    said = cli("findings", "--snapshot", current.id, "--as-of", AS_OF.isoformat(), "--json")
    assert (said.document["snapshot"], said.document["as_of"]) == (current.id, ago(0))


def test_a_limit_that_is_not_said_is_that_of_the_command(cli: Run):
    assert len(cli("frameworks", "--json").result["controls"]) > LIMIT


@pytest.mark.parametrize("name", ["snapshots", "sources", "estate", "ingest"])
def test_what_judges_nothing_speaks_of_what_is_current(cli: Run, fresh, tmp_path, name):
    said = cli(*line(name, tmp_path), "--store", fresh, "--json")
    assert_speaks_of_what_is_current(cli, fresh, said)


def test_a_demo_cuts_and_speaks_of_what_is_current(cli: Run, fresh, tmp_path, monkeypatch):
    """Two months of a demo: how long its history is has no say in it."""
    monkeypatch.setattr(generator, "generate", partial(generator.generate, snapshots=2))
    before = {info.id for info in ParquetStore(fresh).snapshots()}
    said = cli(*line("demo", tmp_path), "--limit", 1, "--store", fresh, "--json")
    assert {k: n for k, n in lists(said.result).items() if n > 1} == {}
    assert_speaks_of_what_is_current(cli, fresh, said)
    made = [info for info in ParquetStore(fresh).snapshots() if info.id not in before]
    assert [iso(info.taken_at) for info in made] == ["2026-07-01T00:00:00Z", ago(0)]


def assert_speaks_of_what_is_current(cli: Run, fresh: Path, said: Said) -> None:
    current = ParquetStore(fresh).current()
    assert current is not None
    document = said.document
    assert (document["snapshot"], document["as_of"]) == (current.id, ago(0))
    sources = document["coverage"]["sources"]
    assert [(c["source"], c["scope"]) for c in sources] == [("estate", "acme")]
    assert set(document["coverage"]) == set(cli("findings", "--json").document["coverage"])


@pytest.mark.parametrize("name", ["sources", "estate"])
def test_the_twin_where_there_is_no_store(cli: Run, tmp_path, name):
    document = cli(*line(name, tmp_path), "--store", tmp_path / "nowhere", "--json").document
    assert (document["snapshot"], document["as_of"]) == (None, None)
    assert document["coverage"]["sources"] == []
    assert not (tmp_path / "nowhere").exists()


def fractions() -> list[tuple[str, str]]:
    """List each option that takes a number with a fraction, with the name of its command."""
    options = [
        (str(command.name), option, get_args(parameter.annotation)[:1])
        for command in trustdebt.app.registered_commands
        for option, parameter in signature(command.callback or trustdebt.main).parameters.items()
    ]
    taken = ((float,), (float | None,))
    return [(name, f"--{o.replace('_', '-')}") for name, o, kind in options if kind in taken]


def test_limits_of_ingest_and_of_questions_take_fractions() -> None:
    known = {("ingest", "--max-bad"), ("ingest", "--max-loss"), ("board", "--target")}
    assert known <= set(fractions())


@pytest.mark.parametrize("value", ["nan", "NaN", "-nan", "inf", "-inf", "1e999", "-1"])
@pytest.mark.parametrize(("name", "option"), fractions(), ids="".join)
def test_a_number_that_bounds_nothing_is_refused_with_the_name_of_its_option(
    cli: Run, tmp_path: Path, name: str, option: str, value: str
) -> None:
    assert option in cli(*line(name, tmp_path), f"{option}={value}", "--json").refused(2)["message"]


@pytest.mark.parametrize(("name", "option"), fractions(), ids="".join)
def test_it_is_refused_too_where_the_parser_lets_it_through(name: str, option: str) -> None:
    """Parsers that only compare it with both bounds do: every comparison with NaN is false."""
    (asked,) = (each.callback for each in trustdebt.app.registered_commands if each.name == name)
    assert asked is not None
    given = {known: each.default for known, each in signature(asked).parameters.items()}
    given[option[2:].replace("-", "_")] = float("nan")
    with pytest.raises(UsageError, match=f"{option} takes a finite number"):
        asked(**given)
