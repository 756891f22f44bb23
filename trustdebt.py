"""The command line, and the one place that knows all four folders."""

import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from app.console import FORMATS, LIMIT, LimitOption, SaidNo, StoreOption, UsageError, progress
from app.console import command as make_command
from app.console import run as run_command

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from analytics.posture import Posture
    from app.notebook import Snapshot
    from graph.stores import SnapshotInfo

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Make agent trust debt visible: who can reach what, who answers for it, what is unused.",
)


def _posture(store: str | None, snapshot: str | None, as_of: str | None) -> "Posture":
    from analytics.posture import assess
    from graph.access import AccessGraph
    from graph.stores import open_store

    instant = _instant(as_of, "--as-of")
    with closing(open_store(store)) as opened:
        info, facts = opened.read(snapshot)
    return assess(AccessGraph.of(facts, instant, info))


question = partial(make_command, app, posture=_posture)
order = partial(make_command, app, posture=None)


def _instant(said: str | None, option: str) -> "pd.Timestamp | None":
    from graph.values import WrongValue, instant

    try:
        return instant(said) if said else None
    except WrongValue as error:
        raise UsageError(f"{option} {error}; write 2026-08-01T00:00:00Z") from None


@order("sources")
def sources() -> dict[str, Any]:
    """List what can be ingested and what each source can know. Example: trustdebt sources."""
    from ingest.sources import all_sources

    rows = [
        {"name": s.name, "title": s.title, "reads": s.reads, "declares": list(s.declares)}
        for s in all_sources().values()
    ]
    return {"sources": rows}


@order("ingest")
def ingest(
    source: Annotated[str | None, typer.Argument(help="Name of the source.")] = None,
    paths: Annotated[list[Path] | None, typer.Argument(help="Files or folders to read.")] = None,
    scope: Annotated[
        str | None, typer.Option(help="Which part of the source's world it is.")
    ] = None,
    taken_at: Annotated[str | None, typer.Option(help="When the export was made.")] = None,
    max_bad: Annotated[float, typer.Option(help="Percent of rows that may be set aside.")] = 5.0,
    keep: Annotated[int, typer.Option(min=1, help="Snapshots to keep.")] = 50,
    config: Annotated[Path | None, typer.Option(help="TOML file with [[source]] tables.")] = None,
    store: StoreOption = None,
) -> dict[str, Any]:
    """Read exports and publish a snapshot. Example: trustdebt ingest aws export.json."""
    from graph.stores import open_store
    from ingest.configuration import jobs_of
    from ingest.job import ingest as run

    if (config is None) == (source is None):
        raise UsageError("name a source and its paths, or --config FILE")
    jobs = jobs_of(config, source, paths or [], scope, _instant(taken_at, "--taken-at"))
    with closing(open_store(store)) as opened:
        done = run(opened, jobs, max_bad, keep, progress)
    return _published(done.snapshot, done.published) | {
        "quarantined": [
            {"file": r.file, "place": r.place, "reason": r.reason} for r in done.quarantined
        ],
        "warnings": done.warnings,
    }


def _published(info: "SnapshotInfo", published: bool) -> dict[str, Any]:
    return {
        "snapshot": info.id,
        "published": published,
        "nodes": info.nodes,
        "relationships": info.relationships,
    }


@order("snapshots")
def snapshots(limit: LimitOption = LIMIT, store: StoreOption = None) -> dict[str, Any]:
    """List the snapshots, newest first. Example: trustdebt snapshots."""
    from graph.stores import open_store
    from graph.values import iso

    with closing(open_store(store)) as opened:
        current = opened.current()
        found = opened.snapshots()[::-1]
    shown = found[:limit] if limit else found
    rows = [
        {
            "id": s.id,
            "taken_at": iso(s.taken_at),
            "recorded_at": iso(s.recorded_at),
            "current": current is not None and s.id == current.id,
            "sources": [c.record() for c in s.coverage],
            "nodes": sum(s.nodes.values()),
            "relationships": sum(s.relationships.values()),
        }
        for s in shown
    ]
    return {"snapshots": rows, "left_out": len(found) - len(shown)}


@question("identities")
def identities(posture: "Posture", limit: LimitOption = LIMIT) -> dict[str, Any]:
    """List the identities somebody must answer for. Example: trustdebt identities."""
    from analytics import answers

    return answers.identities(posture, limit)


Thing = Annotated[str, typer.Argument(help="An id, or a unique name or e-mail.")]
Level = Annotated[str | None, typer.Option(help="list, read, write or admin.")]
Mode = Annotated[str, typer.Option(help="standing, or potential: with what needs activation.")]


@question("show")
def show(posture: "Posture", thing: Thing) -> dict[str, Any]:
    """Show everything known of one thing. Example: trustdebt show invoice-bot."""
    from analytics import answers

    return answers.show(posture, posture.graph.find(thing))


@question("blast-radius")
def blast_radius(
    posture: "Posture",
    thing: Thing,
    mode: Mode = "standing",
    max_hops: Annotated[int | None, typer.Option(min=0, help="Bound the number of hops.")] = None,
    leaked: Annotated[bool, typer.Option("--leaked", help="Ask for a leaked credential.")] = False,
    limit: LimitOption = LIMIT,
) -> dict[str, Any]:
    """Show what a thing reaches. Example: trustdebt blast-radius invoice-bot."""
    from analytics import answers

    start = posture.graph.find(thing)
    return answers.blast_radius(posture, start, _mode(mode), max_hops, leaked, limit)


@question("exposure")
def exposure(
    posture: "Posture",
    thing: Thing,
    level: Level = None,
    mode: Mode = "standing",
    limit: LimitOption = LIMIT,
) -> dict[str, Any]:
    """Show who reaches a resource. Example: trustdebt exposure db:ledger --level admin."""
    from analytics import answers

    return answers.exposure(posture, posture.graph.find(thing), _level(level), _mode(mode), limit)


@question("path")
def path(
    posture: "Posture",
    start: Thing,
    end: Thing,
    level: Level = None,
    count: Annotated[int, typer.Option(min=1, help="How many ways to show.")] = 1,
    mode: Mode = "standing",
) -> dict[str, Any]:
    """Show how one thing reaches another. Example: trustdebt path invoice-bot db:ledger."""
    from analytics import answers

    find = posture.graph.find
    return answers.path(posture, find(start), find(end), _level(level), count, _mode(mode))


From = Annotated[list[str] | None, typer.Option("--from", help="Whose access; may be repeated.")]
To = Annotated[list[str] | None, typer.Option("--to", help="Access to what; may be repeated.")]


@question("choke-points")
def choke_points(
    posture: "Posture",
    starts: From = None,
    targets: To = None,
    mode: Mode = "standing",
    limit: LimitOption = LIMIT,
) -> dict[str, Any]:
    """Rank what most access passes. Example: trustdebt choke-points --to label:Resource."""
    from analytics import answers

    ends = _ends(posture, starts, targets)
    return answers.choke_points(posture, *ends, _mode(mode), limit)


@question("cut")
def cut(
    posture: "Posture", starts: From = None, targets: To = None, mode: Mode = "standing"
) -> dict[str, Any]:
    """Find the fewest removals that part agents from jewels. Example: trustdebt cut --to crm."""
    from analytics import answers

    return answers.cut(posture, *_ends(posture, starts, targets), _mode(mode))


@question("findings")
def findings(
    posture: "Posture",
    rule: Annotated[str | None, typer.Option(help="Only this rule, such as OWN-02.")] = None,
    severity: Annotated[str | None, typer.Option(help="This severity or worse.")] = None,
    about: Annotated[str | None, typer.Option(help="Only about this thing.")] = None,
    fail_on: Annotated[str | None, typer.Option(help="Exit 1 if there is one as bad.")] = None,
    form: Annotated[str, typer.Option("--format", help="table, json or csv.")] = "table",
    limit: LimitOption = LIMIT,
) -> dict[str, Any]:
    """List what is wrong, worst first. Example: trustdebt findings --severity high."""
    from analytics import answers
    from analytics.answers.findings import SEVERITIES
    from analytics.rules import all_rules

    for given in (severity, fail_on):
        if given is not None and given not in SEVERITIES:
            raise UsageError(f"a severity is one of {', '.join(SEVERITIES)}")
    if rule is not None and rule.upper() not in (known := [r.id for r in all_rules().values()]):
        raise UsageError(f"a rule is one of {', '.join(sorted(known))}")
    subject = posture.graph.find(about) if about else None
    _one_of(form, FORMATS, "--format")
    result = answers.findings(posture, rule, severity, subject, limit)
    if fail_on and answers.findings(posture, rule, fail_on, subject, limit=1)["findings"]:
        raise SaidNo(result)
    return result


@question("stale")
def stale(
    posture: "Posture",
    days: Annotated[int, typer.Option(min=1, help="Unused for more than so many days.")] = 90,
    about: Annotated[str | None, typer.Option(help="Only of this identity.")] = None,
    limit: LimitOption = LIMIT,
) -> dict[str, Any]:
    """List access that is open but not used. Example: trustdebt stale --days 180."""
    from analytics import answers

    subject = posture.graph.find(about) if about else None
    return answers.stale(posture, days, limit, subject)


@question("orphans")
def orphans(
    posture: "Posture",
    leaving: Annotated[list[str] | None, typer.Option(help="A person who may leave.")] = None,
    limit: LimitOption = LIMIT,
) -> dict[str, Any]:
    """List identities nobody answers for. Example: trustdebt orphans --leaving ann."""
    from analytics import answers

    people = tuple(posture.graph.find(person) for person in leaving or [])
    return answers.orphans(posture, people, limit)


@question("what-if")
def what_if(
    posture: "Posture",
    remove: Annotated[list[str], typer.Option(help="An id, a finding's id, or FROM,TYPE,TO.")],
    limit: LimitOption = LIMIT,
) -> dict[str, Any]:
    """Show what removing things changes. Example: trustdebt what-if --remove bot,RUNS_AS,svc."""
    from analytics import answers

    return answers.what_if(posture, remove, limit)


@question("plan")
def plan(
    posture: "Posture",
    budget: Annotated[int, typer.Option(min=1, help="How many removals to propose.")] = 5,
    objective: Annotated[str, typer.Option(help="What to take away: reach.")] = "reach",
    limit: LimitOption = LIMIT,
) -> dict[str, Any]:
    """Propose what to remove first, and how safe it is. Example: trustdebt plan --budget 3."""
    from analytics import answers

    return answers.plan(posture, budget, objective, limit)


@question("export")
def export(
    posture: "Posture",
    form: Annotated[str, typer.Argument(metavar="FORMAT", help="opengraph.")],
    out: Annotated[Path, typer.Option(help="Where to write it.")],
) -> dict[str, Any]:
    """Write the snapshot in another format. Example: trustdebt export opengraph --out g.json."""
    from graph.exports import all_exports

    if form not in all_exports():
        raise UsageError(f"a format is one of {', '.join(all_exports())}")
    try:
        count = all_exports()[form](posture.graph, out)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}") from None
    return {"format": form, "path": str(out), "written": count}


@order("estate")
def estate(
    out: Annotated[Path, typer.Option(help="Folder to write it to.")],
    agents: Annotated[int, typer.Option(min=1, help="How many agents.")] = 200,
    seed: Annotated[int, typer.Option(help="Equal seeds, equal estates.")] = 7,
) -> dict[str, Any]:
    """Write a made-up estate with labelled defects. Example: trustdebt estate --out estate."""
    from ingest.generator import generate, write

    made = generate(agents, seed)
    write(made, out)
    return {"path": str(out), "agents": agents, "seed": seed, "estates": len(made.history)}


@order("demo")
def demo(
    agents: Annotated[int, typer.Option(min=1, help="How many agents.")] = 200,
    seed: Annotated[int, typer.Option(help="Equal seeds, equal estates.")] = 7,
    store: StoreOption = None,
) -> dict[str, Any]:
    """Build a made-up estate with history and judge it. Example: trustdebt demo."""
    from analytics import answers
    from graph.stores import open_store
    from ingest.generator import generate, reading
    from ingest.job import ingest_reading
    from ingest.sources import all_sources

    with closing(open_store(store)) as opened:
        for state in generate(agents, seed).history:
            done = ingest_reading(opened, all_sources()["estate"], reading(state))
    posture = _posture(store, None, None)
    top = answers.findings(posture, limit=10)
    where = f" --store {store}" if store else ""
    return _published(done.snapshot, done.published) | {
        "identities": len(posture.accountable),
        "orphaned": len({r["identity"]["id"] for r in answers.orphans(posture)["orphaned"]}),
        "regained": answers.stale(posture, limit=1)["regained"],
        "findings": top["findings"],
        "left_out": top["left_out"],
        "next": f"{sys.argv[0]} app{where}",
    }


@order("app")
def run_app(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8501,
    store: StoreOption = None,
) -> NoReturn:
    """Start the app on this machine, for this machine only. Example: trustdebt app."""
    from app.launch import launch

    launch(port, store)


def _ends(
    posture: "Posture", starts: list[str] | None, targets: list[str] | None
) -> "tuple[np.ndarray, np.ndarray]":
    """Return the numbers of what --from and --to select: agents, and crown jewels, if not said."""
    from analytics.selectors import ALL_AGENTS, CROWN_JEWELS, select

    return select(posture, starts or [ALL_AGENTS]), select(posture, targets or [CROWN_JEWELS])


def _mode(said: str) -> str:
    return _one_of(said, ("standing", "potential"), "--mode")


def _level(said: str | None) -> str | None:
    from graph.schema import LEVELS

    return _one_of(said, LEVELS, "--level") if said is not None else None


def _one_of(said: str, allowed: tuple[str, ...], option: str) -> str:
    if said not in allowed:
        raise UsageError(f"{option} is one of {', '.join(allowed)}")
    return said


def open_snapshot(
    store: str | None = None, snapshot: str | None = None, as_of: str | None = None
) -> "Snapshot":
    """Open a snapshot for a notebook: frames, pictures and networkx; see `app.notebook`."""
    from app.notebook import Snapshot

    return Snapshot(_posture(store, snapshot, as_of))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code. No traceback reaches a user."""
    return run_command(app, sys.argv[1:] if arguments is None else arguments)


if __name__ == "__main__":
    sys.exit(main())
