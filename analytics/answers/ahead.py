"""What is worked out once a snapshot is published, before anybody asks: the first things asked.

Each answer is kept beside the snapshot (`analytics.kept`), so whoever asks later only reads it.
"""

from collections.abc import Callable

from analytics.answers import board
from analytics.answers.coverage import what_is_unknown
from analytics.answers.debt import debt
from analytics.answers.findings import findings
from analytics.answers.kpis import kpis
from analytics.answers.ledger import since_the_oldest
from analytics.answers.orphans import orphans
from analytics.kept.answers import keeping_everything
from analytics.posture import Posture
from analytics.runtime.faults import collecting, described

UNDONE = "what is asked first was not worked out"
LISTED = 50  # findings, as many as a command lists if nobody asks for more
Step = tuple[str, Callable[[Posture], object]]


def _burn_down(posture: Posture) -> object:
    scope = board.scope_of(posture)
    stands, since = board.standing(posture, scope), board.quarter(posture, scope)
    return board.burn_down(posture, scope, stands, since)


def _move(posture: Posture) -> object:
    scope = board.scope_of(posture)
    return board.move(posture, scope, board.standing(posture, scope))


STEPS: tuple[Step, ...] = (
    ("what is owed", lambda p: board.standing(p, board.scope_of(p))),
    ("paths to the crown jewels", lambda p: board.headlines(p, board.scope_of(p))),
    ("the last quarter", lambda p: board.quarter(p, board.scope_of(p))),
    ("what to do first", _move),
    ("how long removing takes", lambda p: board.revocation(p, board.scope_of(p))),
    ("what 30 days bring", _burn_down),
    ("teams", board.teams),
    ("accepted risks", lambda p: board.risks(p, board.scope_of(p))),
    ("findings", lambda p: findings(p, limit=LISTED)),
    ("debt", debt),
    ("the ledger", since_the_oldest),
    ("owners", orphans),
    ("all figures", kpis),
    ("what is unknown", what_is_unknown),
)


def judge_ahead(opened: Callable[[], Posture], tell: Callable[[str], None]) -> str | None:
    """Work out the first things that will be asked; `tell` hears of each step.

    Returns
    -------
    str or None
        Why not all of it was worked out. Nothing is raised: the snapshot is published, and whoever
        asks works out what is missing, or is told what fails.
    """
    with collecting(), keeping_everything():
        try:
            posture = opened()
            for number, (words, work) in enumerate(STEPS, 1):
                tell(f"judging {number} of {len(STEPS)}: {words}")
                work(posture)
        except KeyboardInterrupt:
            return f"{UNDONE}: it was stopped"
        except Exception as error:
            return f"{UNDONE}: {error if hasattr(error, 'exit_code') else described(error)}"
    return None
