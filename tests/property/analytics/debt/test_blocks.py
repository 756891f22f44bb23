"""Answers on debt are the same whether the entitlements are judged together or in blocks."""

from typing import Any

import pytest

from analytics.answers.board.teams import teams
from analytics.answers.table import as_json
from analytics.assumptions import entitlements
from analytics.assumptions.model import model
from analytics.findings.lifecycle.about import what_it_is_about
from analytics.posture import Posture
from tests.property.analytics.debt.test_pauses import accepting, judged
from tests.support.estates.any_world import estate
from tests.support.printed import (
    debt,
    findings,
    identities,
    kpis,
    orphans,
    show,
    worst,
)
from tests.support.search import searching, worlds

SEEDS = range(worlds(2, 30))
SIZES = (1, 9)  # of a block, in entitlements; an identity is never split. One of them each day
NOT_OF_THE_ESTATE = ("timing",)


def answers(posture: Posture) -> dict[str, Any]:
    """Ask everything that adds up entitlements or items, or lists some of them."""
    graph = posture.graph
    some = [*posture.accountable[:2].tolist(), *range(0, len(graph.ids), 19)]
    asked = {f"debt by {by}": debt(posture, by) for by in ("assumption", "team")}
    asked |= {f"{n} items": debt(posture, items=True, limit=n) for n in (0, 5)}
    asked |= {f"items of {n}": debt(posture, items=True, about=n, limit=2) for n in some[1:3]}
    asked |= {f"about {n}": show(posture, n) for n in some}
    asked |= {"findings": findings(posture)}
    asked |= {"kpis": kpis(posture), "orphans": orphans(posture), "worst": worst(posture)}
    listed = identities(posture)
    asked["identities"] = {k: v for k, v in listed.items() if k not in NOT_OF_THE_ESTATE}
    return asked | {"teams": as_json(teams(posture))}


@pytest.mark.parametrize("seed", SEEDS)
def test_every_answer_is_the_same_in_blocks(seed, monkeypatch):
    world, about = estate(seed), []
    if seed % 2:  # some of it is accepted
        posture = world.quick()
        ids = [finding["id"] for finding in findings(posture)["findings"]][:: 2 + seed % 3]
        about = [(f, what_it_is_about(posture, f), 40.0 + n, -20.0) for n, f in enumerate(ids)]
    with accepting(about) as journal:
        whole = answers(judged(world, journal))
        for size in SIZES if searching() else [SIZES[seed % 2]]:
            monkeypatch.setattr(entitlements, "TOGETHER", size)
            monkeypatch.setattr(entitlements, "BLOCK", size)
            posture = judged(world, journal)
            of_blocks = answers(posture)
            assert len(list(entitlements.blocks(posture, model()))) > 1
            for question, answer in whole.items():
                assert of_blocks[question] == answer, (size, question)
