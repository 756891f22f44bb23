"""A small estate for the app's tests, and one whose every name is hostile."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from graph.element import Element
from graph.facts import Coverage, Facts
from graph.frames import conform
from graph.schema import (
    AGENT,
    ASSUMES,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CREDENTIAL,
    DECLARABLE,
    HUMAN,
    OWNS,
    RESOURCE,
    ROLE,
    RUNS_AS,
    SERVICE_ACCOUNT,
    USES,
)
from graph.stores.parquet.store import ParquetStore

AS_OF = pd.Timestamp("2026-08-01", tz="UTC")
CANARY = "{canary}"  # replaced by the address of a server that counts who asks it

HOSTILE: tuple[str, ...] = (
    "<script>window.pwned = 1</script>",
    '<img src="{canary}/img" onerror="window.pwned = 1">',
    "![x]({canary}/markdown)",
    "[click]({canary}/link)",
    "{canary}/bare",
    "www.pwned.test and a@pwned.test",
    '<a href="{canary}/anchor">b</a>',
    "<b>%{x}</b>:material/bug_report: :red[x]",
    "invoice\u202etob-",
    "`{canary}/code` **bold** $x^2$",
    '=HYPERLINK("{canary}/sheet")',
    "x" * 10_000,
)


class World:
    """Rows of an estate, as a connector would hand them over."""

    def __init__(self, declares: Sequence[str] = DECLARABLE, scope: str = "acme") -> None:
        self.declares, self.scope = tuple(declares), scope
        self.rows: dict[Element, list[dict[str, Any]]] = {}

    def add(self, element: Element, **row: Any) -> "World":
        """State one thing or one relationship."""
        known = {"source": "estate", "scope": self.scope}
        self.rows.setdefault(element, []).append(known | row)
        return self

    def link(self, element: Element, source: str, target: str, **row: Any) -> "World":
        """State a relationship."""
        return self.add(element, source_id=source, target_id=target, **row)

    def facts(self, taken_at: pd.Timestamp = AS_OF) -> Facts:
        """Conform the rows; a row that is refused is a mistake of the test."""
        frames = {}
        for element, rows in self.rows.items():
            done = conform(pd.DataFrame(rows), element)
            assert done.rejected.empty, done.rejected
            frames[element] = done.frame
        window = taken_at - pd.Timedelta(days=180)
        return Facts.of(
            frames, (Coverage("estate", self.scope, True, taken_at, self.declares, window),)
        )


def estate(named: Callable[[str], str] = str, declares: Sequence[str] = DECLARABLE) -> World:
    """Six agents: one wide, one orphaned, one owned by somebody who left, three clean.

    `wide` reaches 40 resources through a role, most of them never used.
    """
    world = World(declares)
    world.add(HUMAN, id="ann", name=named("Ann"), email="ann@acme.test", status="active")
    world.add(HUMAN, id="zed", name=named("Zed"), status="left", left_at="2026-03-01T00:00:00Z")
    for name in ("wide", "orphan", "left", "clean-1", "clean-2", "clean-3"):
        world.add(AGENT, id=name, name=named(f"{name}-bot"), kind="ai_agent", status="active")
        world.add(SERVICE_ACCOUNT, id=f"svc-{name}", name=named(f"svc-{name}"), status="active")
        world.link(RUNS_AS, name, f"svc-{name}", last_used_at="2026-07-30T00:00:00Z")
    for name in ("wide", "clean-1", "clean-2", "clean-3"):
        for role in ("business", "technical"):
            world.link(OWNS, "ann", name, role=role, since="2026-01-01T00:00:00Z")
    world.link(OWNS, "zed", "left", role="business", since="2025-01-01T00:00:00Z")
    world.link(OWNS, "zed", "left", role="technical", since="2025-01-01T00:00:00Z")
    world.add(CREDENTIAL, id="key-1", name=named("key-1"), type="access_key", status="active")
    world.link(USES, "wide", "key-1", last_used_at="2026-07-30T00:00:00Z")
    world.link(AUTHENTICATES_AS, "key-1", "svc-wide", last_used_at="2026-07-30T00:00:00Z")
    world.add(ROLE, id="deploy", name=named("deploy"), status="active")
    world.link(ASSUMES, "svc-wide", "deploy", last_used_at="2026-07-29T00:00:00Z")
    for at in range(40):
        kept = "restricted" if at < 4 else "confidential" if at < 10 else "internal"
        world.add(RESOURCE, id=f"db-{at:02}", name=named(f"db-{at:02}"), sensitivity=kept)
        used = '{"read":"2026-07-28T00:00:00Z"}' if at % 4 == 1 else None
        world.link(
            CAN_ACCESS,
            "deploy",
            f"db-{at:02}",
            levels='["read"]',
            granted_at="2026-01-01T00:00:00Z",
            last_used_at=used,
            telemetry=True,
            condition="aws:SourceIp is 10.0.0.0/8" if at == 1 else None,
        )
    for at, name in enumerate(("orphan", "left", "clean-1", "clean-2", "clean-3")):
        world.link(
            CAN_ACCESS,
            f"svc-{name}",
            f"db-{at:02}",
            levels='["read","write"]',
            granted_at="2026-01-01T00:00:00Z",
            last_used_at='{"write":"2026-07-31T00:00:00Z","read":"2026-07-31T00:00:00Z"}',
            telemetry=True,
        )
    return world


def a_quarter_later() -> World:
    """Build the estate with a further agent that may write to a restricted database, without one.

    It is `clean-3` that is gone.
    """
    world = estate()
    world.rows[AGENT] = [row for row in world.rows[AGENT] if row["id"] != "clean-3"]
    world.rows[RUNS_AS] = [row for row in world.rows[RUNS_AS] if row["source_id"] != "clean-3"]
    for element, rows in world.rows.items():
        world.rows[element] = [row for row in rows if row.get("target_id") != "clean-3"]
    world.add(AGENT, id="new", name="new-bot", kind="ai_agent", status="active")
    return world.link(CAN_ACCESS, "new", "db-03", levels='["write"]', telemetry=True)


def hostile(canary: str) -> World:
    """Build the same estate with names that attack whoever draws them."""
    corpus = [name.replace(CANARY, canary) for name in HOSTILE]
    given: dict[str, str] = {}

    def named(name: str) -> str:
        given.setdefault(name, corpus[len(given) % len(corpus)])
        return given[name]

    return estate(named)


def publish(world: World, folder: Path, taken_at: pd.Timestamp = AS_OF) -> str:
    """Publish `world` in the embedded store at `folder`; return the snapshot's id."""
    store = ParquetStore(folder)
    with store.lease() as lease:
        info, _ = store.publish(world.facts(taken_at), lease)
    return info.id
