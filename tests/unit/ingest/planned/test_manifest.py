"""The manifest: three formats of one shape, and every slip refused with its place."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from graph.rows.planned import (
    Planned,
    PlannedAccess,
    PlannedCredential,
    PlannedRevocation,
    PlannedTool,
)
from ingest.planned import planned_agents
from ingest.source import InputRefused
from tests.support.estates.planned_agents import MODEST, about, but, house, written
from tests.support.estates.small_estates import ago

GRAPH = house().graph()
TOML = f"""
delegates_to = ["helper"]
acts_for = "ann"
[agent]
name = "close-bot"
kind = "ai_agent"
purpose = "monthly close"
environment = "prod"
runs_on = "cluster-1"
expires_at = {ago(-30)}
review_every_days = 30
[owners]
business = "ann"
technical = ["bob"]
sponsor = "cy"
[[credentials]]
type = "client_secret"
storage = "vault"
rotated_every_days = 30
[[access]]
resource = "wiki"
levels = ["read"]
until = 2026-08-31
why = "calendar"
[[tools]]
name = "search"
scopes = ["search:read"]
[revocation]
how = "disable the workload"
by = "bob"
within = "1h"
[autonomy]
execution_autonomy = 0.5
"""
YAML = """
agent: {name: close-bot, kind: ai_agent, purpose: monthly close, environment: prod,
        runs_on: cluster-1, expires_at: 2026-08-31, review_every_days: 30}
owners: {business: ann, technical: bob, sponsor: cy}
credentials:
  - {type: client_secret, storage: vault, rotated_every_days: 30, expires_at: null}
access:
  - resource: wiki
    levels: read
    until: 2026-08-31T00:00:00Z
    why: calendar
tools: [{name: search, scopes: ["search:read"]}]
delegates_to: [helper]
acts_for: [ann]
revocation: {how: disable the workload, by: bob, within: 60m}
autonomy: {execution_autonomy: 0.5}
"""


def read(path: Path) -> Planned:
    (planned,) = planned_agents(path, GRAPH)
    return planned


def test_what_a_manifest_states(tmp_path: Path) -> None:
    planned = read(written(tmp_path, MODEST))
    end = pd.Timestamp(ago(-30)).as_unit("ms")
    assert (planned.form, planned.name, planned.kind) == ("manifest", "close-bot", "ai_agent")
    assert (planned.environment, planned.runs_on) == ("prod", "cluster-1")
    assert (planned.expires_at, planned.review_every_days) == (end, 30.0)
    assert planned.owners == {"business": ("ann",), "technical": ("bob",), "sponsor": ("cy",)}
    assert planned.credentials == (PlannedCredential("client_secret", "vault", None, 30.0),)
    assert planned.access == (PlannedAccess("wiki", ("read",), end, "calendar"),)
    assert planned.tools == (PlannedTool("search", scopes=("search:read",)),)
    assert (planned.delegates_to, planned.acts_for) == (("helper",), ("ann",))
    assert planned.revocation == PlannedRevocation("disable the workload", "bob", 1.0)
    assert planned.autonomy == {"execution_autonomy": 0.5}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.toml", TOML),
        ("a.yaml", YAML),
        ("a.yml", json.dumps(MODEST)),
        ("a", TOML),
        ("b", YAML),
        ("c", json.dumps(MODEST)),
        ("a.json", "\ufeff" + json.dumps(MODEST, indent=2)),
        ("a.toml", TOML.replace("\n", "\r\n")),
    ],
    ids=["toml", "yaml", "json as yaml", "toml?", "yaml?", "json?", "mark", "crlf"],
)
def test_three_formats_have_one_shape(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_bytes(text.encode())
    assert read(tmp_path / name) == read(written(tmp_path, MODEST, "modest.json"))


def row(**facts: Any) -> dict[str, Any]:
    return but(access=[facts])


REFUSED: dict[str, tuple[Any, str]] = {
    "a list": ([1, 2], "/"),
    "text": ("close-bot", "/"),
    "null": (None, "/"),
    "nobody": ({}, "/agent"),
    "no name": (about(name=None), "/agent/name"),
    "an empty name": (about(name="  "), "/agent/name"),
    "a list of agents": (but(agent=[MODEST["agent"]] * 2), "/agent"),
    "two agents": ({"agents": [MODEST["agent"]] * 2}, "/agents"),
    "an unknown table": (but(acess=[]), "/acess"),
    "an unknown field": (about(enviroment="prod"), "/agent/enviroment"),
    "a field that holds a slash": (about(**{"a/b": 1}), "/agent/a~1b"),
    "an agent that is no table": (but(agent="close-bot"), "/agent"),
    "an unknown kind": (about(kind="robot"), "/agent/kind"),
    "a name that is no text": (about(name=7), "/agent/name"),
    "a long text": (about(purpose="x" * 2_001), "/agent/purpose"),
    "a naive time": (about(expires_at="2027-01-01T00:00:00"), "/agent/expires_at"),
    "a number as instant": (about(expires_at=1767225600), "/agent/expires_at"),
    "text as days": (about(review_every_days="30"), "/agent/review_every_days"),
    "a flag as days": (about(review_every_days=True), "/agent/review_every_days"),
    "no days": (about(review_every_days=0), "/agent/review_every_days"),
    "negative days": (about(review_every_days=-1), "/agent/review_every_days"),
    "owners that are no table": (but(owners=["ann"]), "/owners"),
    "an unknown role": (but(owners={"boss": "ann"}), "/owners/boss"),
    "an owner that is no text": (but(owners={"business": [1]}), "/owners/business/0"),
    "an unknown credential": (but(credentials=[{"type": "magic"}]), "/credentials/0/type"),
    "the value of a credential": (but(credentials=[{"value": "x"}]), "/credentials/0/value"),
    "access that is no list": (but(access={"resource": "wiki"}), "/access"),
    "access to nothing": (row(why="x"), "/access/0"),
    "no levels": (row(resource="wiki"), "/access/0/levels"),
    "levels of nothing": (row(role="keeper", levels=["read"]), "/access/0/levels"),
    "an unknown level": (row(resource="wiki", levels=["own"]), "/access/0/levels"),
    "a role and a group": (row(role="keeper", group="readers"), "/access/0/group"),
    "many rows": (but(access=[MODEST["access"][0]] * 501), "/access"),
    "a tool without a name": (but(tools=[{"server": "x"}]), "/tools/0/name"),
    "a wrong duration": (but(revocation={"within": "soon"}), "/revocation/within"),
    "a wrong factor": (but(autonomy={"a": 0.7}), "/autonomy/a"),
    "many factors": (but(autonomy={f"f{n}": 0 for n in range(11)}), "/autonomy"),
    "itself as delegate": (but(delegates_to=["helper", "Close-Bot"]), "/delegates_to/1"),
    "itself as principal": (but(acts_for=["close-bot"]), "/acts_for/0"),
    "one on both sides": (but(acts_for=["helper"]), "/delegates_to/0"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_slip_is_refused_with_its_place(tmp_path: Path, case: str) -> None:
    manifest, place = REFUSED[case]
    with pytest.raises(InputRefused) as error:
        read(written(tmp_path, manifest))
    assert (error.value.place, error.value.exit_code) == (place, 3)
    assert error.value.reason


def test_a_slip_is_answered_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="did you mean environment"):
        read(written(tmp_path, about(enviroment="prod")))


TEXTS = {
    "truncated": ("a.json", '{"agent": ', ""),
    "a key twice": ("a.json", '{"agent": {"name": "a", "name": "b"}}', "/agent/name"),
    "not a number": ("a.json", '{"agent": {"review_every_days": NaN}}', "/agent/review_every_days"),
    "a key twice in YAML": ("a.yaml", "agent: {name: a}\nagent: {name: b}\n", "line 2"),
    "two documents": ("a.yaml", "agent: {name: a}\n---\nagent: {name: b}\n", "line 3"),
    "a tag that builds": ("a.yaml", "agent: !!python/object/apply:os.getcwd []\n", "line 1"),
    "infinite": ("a.yaml", "agent: {name: a, review_every_days: .inf}\n", ""),
    "an alias to itself": ("a.yaml", "agent: &a {name: *a}\n", "line 1"),
    "a key twice in TOML": ("a.toml", '[agent]\nname = "a"\nname = "b"\n', "line 3"),
    "infinite in TOML": (
        "a.toml",
        '[agent]\nname = "a"\nreview_every_days = inf\n',
        "/agent/review_every_days",
    ),
    "a local time": (
        "a.toml",
        '[agent]\nname = "a"\nexpires_at = 2027-01-01T00:00:00\n',
        "/agent/expires_at",
    ),
    "empty": ("a.toml", "", ""),
    "binary": ("a.json", "{\x00}", ""),
}


@pytest.mark.parametrize("case", TEXTS)
def test_a_broken_file_is_refused(tmp_path: Path, case: str) -> None:
    name, text, place = TEXTS[case]
    (tmp_path / name).write_text(text)
    with pytest.raises(InputRefused) as error:
        read(tmp_path / name)
    assert place in error.value.place


def test_aliases_that_expand_without_end_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (tmp_path / "a.yaml").write_text("\n".join(lines))
    with pytest.raises(InputRefused, match="aliases written out"):
        read(tmp_path / "a.yaml")


@pytest.mark.parametrize("name", ["a.json", "a.yaml", "a.toml"])
def test_a_deep_file_is_refused(tmp_path: Path, name: str) -> None:
    deep = "[" * 200 + "]" * 200
    text = {"a.json": f'{{"agent": {deep}}}', "a.yaml": f"agent: {deep}", "a.toml": f"a = {deep}"}
    (tmp_path / name).write_text(text[name])
    with pytest.raises(InputRefused, match="nested"):
        read(tmp_path / name)


def test_a_loop_through_the_snapshot_is_refused(tmp_path: Path) -> None:
    """Ann's deputy acts for the helper: who acts for the deputy cannot delegate to the helper."""
    graph = house().agent("deputy").link("deputy", "ACTS_FOR", "helper").graph()
    path = written(tmp_path, but(acts_for=["deputy"]))
    with pytest.raises(InputRefused, match="close-bot -> deputy -> helper -> close-bot"):
        planned_agents(path, graph)
    assert read(written(tmp_path, but(acts_for=["resident"]))).acts_for == ("resident",)


def test_a_secret_in_a_text_is_not_kept(tmp_path: Path) -> None:
    secret = "ghp_" + "a1B2c3D4e5F6" * 3
    planned = read(written(tmp_path, about(purpose=f"close with {secret}")))
    assert secret not in str(planned)


@pytest.mark.parametrize(
    ("text", "hours"), [("90s", 0.025), ("30m", 0.5), ("2 h", 2.0), ("1d", 24.0), ("1w", 168.0)]
)
def test_durations(tmp_path: Path, text: str, hours: float) -> None:
    planned = read(written(tmp_path, but(revocation={"within": text})))
    assert planned.revocation.within_hours == pytest.approx(hours)
