"""The help: every command in a group, in the order of the groups, each in two short lines."""

import re

import pytest
import typer

import trustdebt
from app.cli.command import Behaviour, command
from app.cli.groups import EVERY, Group, in_order
from app.cli.options import ingest as ingest_options
from graph.stores.neo4j.store import Neo4jStore
from graph.stores.parquet.store import ParquetStore
from graph.stores.shared.store import SharedStore

SENTENCE, EXAMPLE = 62, 78  # characters beside the names in the overview, and in a line of 80
RULE = re.compile(r"╭─ (.*?) ─*╮")


def helped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *line: str
) -> list[str]:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", None)
    assert trustdebt.main([*line, "--help"]) == 0
    return capsys.readouterr().out.splitlines()


def test_each_command_says_what_it_does_in_one_line_and_gives_an_example_in_another() -> None:
    for registered in trustdebt.app.registered_commands:
        assert registered.callback is not None
        sentence, example = [
            part.strip() for part in str(registered.callback.__doc__).strip().split("\n\n")
        ]
        assert len(sentence) <= SENTENCE, registered.name
        assert sentence.endswith("."), registered.name
        assert re.match(rf"Example: trustdebt {registered.name}( |$)", example), registered.name
        assert len(example) <= EXAMPLE, registered.name


def test_the_groups_stand_in_their_order_and_each_command_on_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = helped(capsys, monkeypatch)
    titles = [match[1] for match in map(RULE.match, lines) if match]
    assert titles == ["Options", *Group]
    commands = [line for line in lines if re.match(r"│ [a-z-]+ {2,}[A-Z]", line)]
    named = {each.name for each in trustdebt.app.registered_commands if not each.hidden}
    assert {line.split()[1] for line in commands} == named
    assert len(commands) == len(named)
    assert all(line.rstrip("│ ").endswith(".") for line in commands)


def test_what_a_command_takes_itself_stands_before_what_all_take(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = "\n".join(helped(capsys, monkeypatch, "findings"))
    own, common = shown.split(f"╭─ {EVERY}")
    assert "--severity" in own
    assert "--store" in common
    assert "…" not in shown


def test_a_command_names_its_group_beside_itself() -> None:
    app = typer.Typer()
    for name, group in (("b", Group.DATA), ("c", Group.BEGIN), ("a", Group.DATA)):
        command(app, name, None, Behaviour(group))(lambda: {})
    names = [each.name for each in in_order(app.registered_commands)]
    assert names == ["c", "a", "b"]


def test_the_twin_a_command_without_a_group_is_refused() -> None:
    app = typer.Typer()
    app.command("lost")(lambda: None)
    with pytest.raises(KeyError):
        in_order(app.registered_commands)


def test_ingest_says_how_many_snapshots_stay() -> None:
    """The option names them by itself, as help asks no store."""
    said = ingest_options.KeepOption.__metadata__[0].help
    assert [int(n) for n in re.findall(r"\d+", said)] == [ParquetStore.keeps, SharedStore.keeps]
    assert Neo4jStore.keeps == SharedStore.keeps
