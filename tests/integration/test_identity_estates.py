"""Generated estates that a second and a third source state too: what is made one, and what not.

Aliases and look-alikes are planted here, by what they are, and counted pair by pair. No rule of
the product is asked.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pytest

from graph.element import Element
from graph.facts import Coverage, Facts
from graph.frames import conform, records
from graph.identity.match import identify
from graph.schema import AGENT, FACT_NODES, HUMAN, SERVICE_ACCOUNT
from ingest.generator import generate, reading
from tests.support.estates.small_estates import NOTHING

AGENTS = 200
LATER = "2031-01-01T00:00:00Z"


@dataclass
class Planted:
    """Rows by source and element, and the ids that are truly one."""

    rng: random.Random
    rows: dict[tuple[str, Element], list[dict[str, Any]]] = field(default_factory=dict)
    known: dict[str, list[str]] = field(default_factory=dict)  # what the estate itself says
    one: list[set[str]] = field(default_factory=list)
    lookalikes: int = 0
    serial: Iterator[int] = field(default_factory=itertools.count)

    def add(self, source: str, label: Element, **facts: Any) -> str:
        """State something in a source, under an id that tells nothing."""
        id_ = f"{source}:{next(self.serial)}"
        self.rows.setdefault((source, label), []).append({"id": id_, **facts})
        return id_

    def stranger(self, source: str, label: Element, **facts: Any) -> None:
        """State something that is like another and is not it."""
        self.lookalikes += 1
        self.add(source, label, **facts)

    def software(self, label: Element, row: Any) -> None:
        """Let other sources know an agent or account, or something that looks like it."""
        own, lot = str(row.id), self.rng.random()
        kinds = self.rng.sample(
            ["github:{}", "oidc:https://idp.test|{}", "spiffe:spiffe://x/{}"], 2
        )
        first, second = (kind.format(own) for kind in kinds)
        if lot < 0.25:  # one other source
            self.known[own] = [first]
            self.one.append({own, self.add("hub", label, external_ids=[first], name=row.name)})
        elif lot < 0.40:  # a chain: the third knows it only as the second does
            self.known[own] = [first]
            middle = self.add("hub", label, external_ids=[first, second])
            self.one.append({own, middle, self.add("iga", label, external_ids=[second])})
        elif lot < 0.50:  # by the estate's own id
            self.one.append({own, self.add("iga", label, external_ids=[f"kubernetes:{own}"])})
        elif lot < 0.60:  # a namesake
            self.known[own] = [first]
            self.stranger("hub", label, external_ids=[first + "-namesake"], name=row.name)
        elif lot < 0.70:  # the same id, and another thing: the account it runs as
            self.known[own] = [first]
            other = AGENT if label is SERVICE_ACCOUNT else SERVICE_ACCOUNT
            self.stranger("hub", other, external_ids=[first], name=row.name)
        elif lot < 0.75:  # two of one source claim to be it
            self.known[own] = [first]
            self.stranger("hub", label, external_ids=[first], name=row.name)
            self.stranger("hub", label, external_ids=[first], name=row.name)
        elif lot < 0.80:  # a host that was given to another, who also has an id of its own
            self.known[own] = ["host:" + own, "entra_object:" + own]
            self.stranger("hub", label, external_ids=["host:" + own, "entra_object:n" + own])

    def person(self, row: Any, manager: str | None) -> None:
        """Let other sources know a person, or somebody who looks like him."""
        own, lot, mail, name = str(row.id), self.rng.random(), str(row.email), str(row.name)
        if lot < 0.30:
            written = self.rng.choice([mail, mail.upper(), f" {mail} "])
            self.one.append({own, self.add("idp", HUMAN, email=written, name=name.lower())})
        elif lot < 0.45:
            self.known[own] = [f"employee:{own}"]
            known = [f"employee:{own.upper()}"]
            facts = {"email": mail, "name": "n" + own, "external_ids": known}
            self.one.append({own, self.add("idp", HUMAN, **facts)})
        elif lot < 0.50 and manager:
            facts = {"email": mail, "name": "n" + own, "manager_id": manager}
            self.one.append({own, self.add("idp", HUMAN, **facts)})
        elif lot < 0.505:  # nothing but an address: nobody can know
            self.one.append({own, self.add("idp", HUMAN, email=mail, name="n" + own)})
        elif lot < 0.65:  # a namesake, under the same manager
            self.stranger("idp", HUMAN, email="x" + mail, name=name, manager_id=manager)
        elif lot < 0.75:  # an address that was given to another
            self.stranger("idp", HUMAN, email=mail, name="Other " + own)
        elif lot < 0.80:  # name and address of one who left, given to another
            if pd.notna(row.left_at):
                self.stranger("idp", HUMAN, email=mail, name=name, created_at=LATER)
        elif lot < 0.85:  # two with one address and name: a source that is wrong about one of them
            self.stranger("idp", HUMAN, email=mail, name=name)
            self.stranger("idp", HUMAN, email=mail, name=name)


def planted(seed: int) -> tuple[Facts, Planted]:
    """Make an estate, and two sources that state parts of it under ids of their own."""
    got = reading(generate(AGENTS, seed).history[-1])
    plan = Planted(random.Random(seed))
    frames: dict[Element, list[pd.DataFrame]] = {}
    for label in FACT_NODES:
        if label in got.rows:
            rows = got.rows[label].assign(source="estate", scope="acme")
            frames[label] = [conform(rows, label).frame]
    for label in (AGENT, SERVICE_ACCOUNT):
        for row in records(frames[label][0]):
            plan.software(label, row)
    people = frames[HUMAN][0]  # the estate names people by their ids
    people["name"] = people["id"].str.replace(".", " ").str.title()
    for row in records(people[people["email"].notna()]):
        plan.person(row, None if pd.isna(row.manager_id) else str(row.manager_id))
    for (source, label), stated in plan.rows.items():
        raw = pd.DataFrame(stated).assign(source=source, scope=source)
        done = conform(raw, label)
        assert done.rejected.empty
        frames.setdefault(label, []).append(done.frame)
    whole = {e: pd.concat(parts, ignore_index=True) for e, parts in frames.items()}
    whole = {e: _knowing(f, plan.known) for e, f in whole.items()}
    at = got.taken_at
    said = [Coverage(s, s, True, at, ()) for s in ("hub", "iga", "idp")]
    return Facts.of(NOTHING | whole, (Coverage("estate", "acme", True, at, ()), *said)), plan


def _knowing(frame: pd.DataFrame, known: dict[str, list[str]]) -> pd.DataFrame:
    """Let the estate know its own things by the ids that others know them by."""
    said = frame["id"].map(lambda i: pd.Series([known[i]]).to_json(orient="values")[1:-1]
                           if i in known else None).astype("string")  # fmt: skip
    return frame.assign(external_ids=frame["external_ids"].fillna(said))


def pairs(groups: list[set[str]]) -> set[tuple[str, str]]:
    return {pair for group in groups for pair in itertools.combinations(sorted(group), 2)}


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_aliases_are_found_and_nobody_is_made_one_with_a_stranger(seed):
    facts, plan = planted(seed)
    found = identify(facts)
    said, true = pairs([set(ids) for ids in found.merged.values()]), pairs(plan.one)
    assert len(true) > 150
    assert plan.lookalikes > 80
    assert said <= true, sorted(said - true)[:5]  # precision 1
    assert len(said & true) >= 0.98 * len(true), sorted(true - said)[:5]


def test_the_count_would_show_a_join_by_name_alone():
    """The twin: joined by name, as it is so often done, strangers become one."""
    facts, plan = planted(1)
    people = facts.frames[HUMAN]
    by_name = [set(ids) for _, ids in people.groupby(people["name"].str.lower())["id"]]
    assert len(pairs(by_name) - pairs(plan.one)) > 10
