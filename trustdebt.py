"""The command line, and the one place that knows all four folders."""

import gc
import sys

from app.isolation import WithoutWorkingFolder, leave_working_folder

with WithoutWorkingFolder():
    import shlex
    from contextlib import ExitStack, closing
    from functools import partial
    from pathlib import Path
    from typing import TYPE_CHECKING, Annotated, Any, NoReturn

    import typer

    from app.cli import commands
    from app.cli.command import (
        QUESTIONS,
        Behaviour,
        SaidNo,
        SaidUnknown,
        UsageError,
        instant_of,
        progress,
    )
    from app.cli.command import command as make_command
    from app.cli.command import run as run_command
    from app.cli.groups import Group, in_order
    from app.cli.options import ingest as options
    from app.cli.options.engine import counting_ahead
    from app.cli.options.usual import LIMIT, BudgetOption, LimitOption, SchedulerOption, StoreOption
    from app.cli.output.columns import Commands
    from app.exchange import modules_of

if TYPE_CHECKING:
    from analytics.answers.gate import Gate
    from analytics.posture import Posture
    from app.notebook import Snapshot
    from graph.stores import SnapshotInfo
    from ingest.job.run import Ingested
    from ingest.source import Request, Source

# What a command makes lives to its end: to look for cycles in it as often as Python does by default
# costs a tenth of the time.
SELDOM = (50_000, 20, 100)

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Make agent trust debt visible: who can reach what, who answers for it, what is unused."
    "\n\nEach command has an example: trustdebt COMMAND --help",
)


def _posture(store: str | None, snapshot: str | None, as_of: str | None) -> "Posture":
    from analytics.history import open_posture

    return open_posture(store, snapshot, instant_of(as_of, "--as-of"))


order = partial(make_command, app, posture=None)
GATE: dict[str, Any] = {
    "checks": {"check": "check", "verdict": "verdict", "why": "why", "fix": "fix"},
    "predicted_paths_to_jewels": {"jewel": "jewel", "level": "level", "path": "sentence"},
}


def _sources() -> list[str]:
    return list(modules_of("ingest.sources"))


@order("sources", behaviour=Behaviour(Group.BEGIN, rows=("sources", "scopes")))
def sources(
    forget: Annotated[
        str | None, typer.Option(help="SOURCE/SCOPE of a failed read that nobody will repeat.")
    ] = None,
    store: StoreOption = None,
) -> dict[str, Any]:
    """List what can be read, and how old and whole each read is.

    Example: trustdebt sources
    """
    from analytics.source_states import scopes_of
    from app.clock import now
    from graph.seal.sealing import how_sealed
    from ingest.sources import all_sources

    rows = [
        {
            "name": s.name,
            "title": s.title,
            "reads": s.reads,
            "declares": list(s.declares),
            "upload": s.upload.record(),
        }
        for s in all_sources().values()
    ]
    scopes = scopes_of(now(), store, forget)
    return {"sources": rows, "scopes": scopes, "seal": how_sealed(store)}


def _after_ingest(result: dict[str, Any]) -> Commands:
    return [("board",), ("findings",), ("sources",)]


@order(
    "ingest",
    behaviour=Behaviour(
        Group.BEGIN, rows=("reads", "quarantined", "failed"), following=_after_ingest
    ),
)
def ingest(
    source: Annotated[
        str | None, typer.Argument(help="Name of the source.", autocompletion=_sources)
    ] = None,
    paths: options.PathsArgument = None,
    scope: options.ScopeOption = None,
    taken_at: options.TakenAtOption = None,
    max_bad: options.MaxBadOption = 5.0,
    max_loss: options.MaxLossOption = None,
    keep: options.KeepOption = None,
    config: options.ConfigOption = None,
    audience: options.AudienceOption = None,
    key: options.KeyOption = None,
    skip_failed: options.SkipFailedOption = False,
    judge: options.JudgeOption = None,
    engine: options.EngineOption = None,
    master: options.MasterOption = None,
    scheduler: SchedulerOption = None,
    store: StoreOption = None,
) -> dict[str, Any]:
    """Read exports and publish a snapshot.

    Example: trustdebt ingest aws export.json
    """
    from ingest.configuration import jobs_of
    from ingest.usage.engine import folding

    if (config is None) == (source is None):
        raise UsageError("name a source and its paths, or --config FILE")
    if config is not None and (scope is not None or audience is not None or key):
        raise UsageError("with --config, say scope, audience and keys in its [[source]] tables")
    at = instant_of(taken_at, "--taken-at")
    jobs = jobs_of(config, source, paths or [], scope, at, audience, key or [])
    judges = sys.stderr.isatty() if judge is None else judge
    with counting_ahead(judges, engine, scheduler):  # there before anything is published
        with folding(engine, master):
            answer = _ingested(jobs, store, max_bad, max_loss, keep, skip_failed)
        if judges:
            from analytics.answers.ahead import judge_ahead

            undone = judge_ahead(partial(_posture, store, answer["snapshot"], None), progress)
            answer["warnings"] += [undone] if undone else []
    return answer


def _ingested(
    jobs: "list[tuple[Source, Request]]",
    store: str | None,
    max_bad: float = 5.0,
    max_loss: float | None = None,
    keep: int | None = None,
    skip_failed: bool = False,
) -> dict[str, Any]:
    """Read exports and publish a snapshot; return the answer of `ingest`."""
    from graph.journal.rejected_rows import keep_rejected_rows
    from graph.stores import open_store
    from graph.stores.kept_files import kept_files
    from ingest.job.run import ingest as run

    with closing(open_store(store)) as opened:
        opened.require_key()
        before = opened.current()
        shared_with = None if before else getattr(opened, "shared_with", None)  # a database's
        done = run(opened, jobs, max_bad, keep, progress, max_loss, skip_failed)
        if shared_with and (warning := shared_with()):
            done.warnings.append(warning)
        known = [s.id for s in opened.snapshots()]
    kept_files(store).tidy(known)
    previous = before.id if before else None
    if not keep_rejected_rows(done.rejected_rows, done.snapshot.id, previous, known, store):
        done.warnings.append("the rejected rows could not be kept for the page Sources")
    return _published(done.snapshot, done.published) | {
        "reads": _reads(done),
        "quarantined": [
            {"file": r.file, "place": r.place, "reason": r.reason, "whole_file": r.whole_file}
            for r in done.quarantined
        ],
        "warnings": done.warnings,
        "warnings_in_full": done.in_full,
        "failed": [failure.record() for failure in done.failed],
    }


def _reads(done: "Ingested") -> list[dict[str, Any]]:
    """Return the coverage of each source and scope that was read, with its counts of rows."""
    covered = {c.key: c.record() for c in done.snapshot.coverage}
    return [
        covered[read.source, read.scope] | {"rows": read.read, "set_aside": read.count}
        for read in done.rejected_rows
    ]


@order("receive", behaviour=Behaviour(Group.DATA), hidden=True)
def receive(store: StoreOption = None) -> dict[str, Any]:
    """Ingest what the app sends, within bounds; not for people.

    Example: trustdebt receive
    """
    from ingest.configuration import jobs_of
    from ingest.source import InputRefused
    from ingest.upload.layout import lay_out, own_folder, read_order
    from ingest.upload.limits import end_with, within_memory

    with open(0, "rb", buffering=0, closefd=False) as stream, ExitStack() as stack:
        wanted = read_order(stream)
        at = instant_of(wanted.taken_at or None, "taken at:")
        folder = stack.enter_context(own_folder(wanted.folder))
        [(known, _)] = jobs_of(None, wanted.source, [folder])
        stack.enter_context(within_memory(wanted.memory))
        received = lay_out(wanted, stream, known.upload, folder)
        end_with(stream.fileno(), wanted.folder)
        asked = None, wanted.source, received.paths, wanted.scope or None, at
        jobs = [(received.named(source), request) for source, request in jobs_of(*asked)]
        try:
            return _ingested(jobs, store)
        except InputRefused as error:
            raise received.refused(error) from error


def _published(info: "SnapshotInfo", published: bool) -> dict[str, Any]:
    return {
        "snapshot": info.id,
        "published": published,
        "nodes": info.nodes,
        "relationships": info.relationships,
    }


def _after_snapshots(result: dict[str, Any]) -> Commands:
    last = [row["id"] for row in result["snapshots"][1::-1]]
    return [("compare", *last), ("diff", *last)] if len(last) > 1 else []


@order("snapshots", behaviour=Behaviour(Group.DATA, following=_after_snapshots))
def snapshots(limit: LimitOption = LIMIT, store: StoreOption = None) -> dict[str, Any]:
    """List the snapshots, newest first.

    Example: trustdebt snapshots
    """
    from graph.stores import open_store
    from graph.values import iso

    with closing(open_store(store)) as opened:
        current = opened.current()
        listed = opened.snapshots()[::-1]
    shown = listed[:limit] if limit else listed
    rows = [
        {
            "id": s.id,
            "taken_at": iso(s.taken_at),
            "recorded_at": iso(s.recorded_at),
            "current": current is not None and s.id == current.id,
            "replaces": s.replaces,
            "sources": [c.record() for c in s.coverage],
            "nodes": sum(s.nodes.values()),
            "relationships": sum(s.relationships.values()),
        }
        for s in shown
    ]
    return {"snapshots": rows, "left_out": len(listed) - len(shown)}


@order("estate", behaviour=Behaviour(Group.DATA))
def estate(
    out: Annotated[Path, typer.Option(help="Folder to write it to.")],
    agents: Annotated[int, typer.Option(min=1, help="How many agents.")] = 200,
    seed: Annotated[int, typer.Option(help="Equal seeds, equal estates.")] = 7,
) -> dict[str, Any]:
    """Write a made-up estate with labelled defects.

    Example: trustdebt estate --out estate
    """
    from ingest.generator import generate, write

    made = generate(agents, seed)
    try:
        write(made, out)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}") from None
    return {"path": str(out), "agents": agents, "seed": seed, "estates": len(made.history)}


@make_command(
    app, "gate", _posture, Behaviour(Group.MENDING, rows=("checks", "agents"), columns=GATE)
)
def gate(
    posture: "Posture",
    manifests: Annotated[
        list[Path], typer.Argument(help="Manifest, Terraform plan, A2A card or MCP configuration.")
    ],
    policy: Annotated[Path | None, typer.Option(help="TOML file with limits of your own.")] = None,
    limit: LimitOption = LIMIT,
) -> "Gate":
    """Judge agents before they exist, one for each file.

    Example: trustdebt gate agent.toml
    """
    from analytics.answers.gate import gate as answer
    from analytics.remediation.gate.policy import policy as read_policy
    from ingest.planned import planned_agents

    limits = read_policy(policy)
    planned = [agent for path in manifests for agent in planned_agents(path, posture.graph)]
    judged = answer(posture, planned, limits, limit)
    if judged.verdict == "pass":
        return judged
    raise (SaidNo if judged.verdict == "blocked" else SaidUnknown)(judged)


def _after_demo(result: dict[str, Any]) -> Commands:
    worst = [("show", row["subject"]["id"]) for row in result["findings"][:1]]
    return [("board",), *worst, ("app",)]


@order("demo", behaviour=Behaviour(Group.BEGIN, rows=("findings",), following=_after_demo))
def demo(
    agents: Annotated[int, typer.Option(min=1, help="How many agents.")] = 200,
    seed: Annotated[int, typer.Option(help="Equal seeds, equal estates.")] = 7,
    store: StoreOption = None,
) -> dict[str, Any]:
    """Build a made-up estate with history, and judge it.

    Example: trustdebt demo
    """
    from analytics.answers.findings import findings
    from analytics.answers.orphans import orphans
    from analytics.answers.stale import stale
    from analytics.answers.table import as_json
    from graph.stores import open_store
    from ingest.generator import generate, reading
    from ingest.job.run import ingest_reading
    from ingest.sources import all_sources

    with closing(open_store(store)) as opened:
        for state in generate(agents, seed).history:
            done = ingest_reading(opened, all_sources()["estate"], reading(state))
    posture = _posture(store, None, None)
    top = findings(posture, limit=10)
    where = f" --store {shlex.quote(store)}" if store else ""
    return _published(done.snapshot, done.published) | {
        "identities": len(posture.accountable),
        "orphaned": orphans(posture).orphaned.frame["identity"].nunique(),
        "regained": stale(posture, limit=1).regained,
        "counts": top.counts,
        "findings": as_json(top.findings),
        "left_out": top.left_out,
        "next": f"{sys.argv[0]} app{where}",
    }


@order("app", behaviour=Behaviour(Group.BEGIN))
def run_app(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8501,
    address: Annotated[
        str, typer.Option(help="Where it listens; by default for this machine only.")
    ] = "127.0.0.1",
    url: Annotated[
        str | None, typer.Option(help="The address that people type, where a proxy is before it.")
    ] = None,
    sign_in: Annotated[
        str | None,
        typer.Option(help="File that sets up sign-in: docs/people.md.", envvar="TRUSTDEBT_SIGN_IN"),
    ] = None,
    open_to_all: Annotated[
        str | None,
        typer.Option(help="Without sign-in: the address again that others reach, to mean it."),
    ] = None,
    store: StoreOption = None,
    judging_budget: BudgetOption = None,
) -> NoReturn:
    """Start the app, for this machine only unless people sign in.

    Example: trustdebt app
    """
    from app.web.server.launch import Place, launch

    launch(Place(address, port, url, sign_in, open_to_all), store, judging_budget)


with WithoutWorkingFolder():
    commands.load_all()
for name, (answer, behaviour) in QUESTIONS.items():
    make_command(app, name, _posture, behaviour)(answer)
app.registered_commands = in_order(app.registered_commands)


def open_snapshot(
    store: str | None = None, snapshot: str | None = None, as_of: str | None = None
) -> "Snapshot":
    """Open a snapshot for a notebook: frames, pictures and networkx; see `app.notebook`."""
    from app.notebook import Snapshot

    return Snapshot(_posture(store, snapshot, as_of), store)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code. No traceback reaches a user."""
    own = arguments is None  # else the process is somebody else's
    if own:
        leave_working_folder()
        gc.set_threshold(*SELDOM)
    return run_command(app, sys.argv[1:] if arguments is None else arguments, own)


if __name__ == "__main__":
    sys.exit(main())
