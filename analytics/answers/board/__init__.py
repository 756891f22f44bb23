"""The board answer: are we in trouble, why, what to do first, and where that is known from.

It comes in parts, so that a page can draw one after the other, the cheap ones first: `standing`,
`headlines` and `gaps`, then `quarter` and `move`, then `revocation`, `burn_down`, `teams` and
`risks`, and last `trend`, `moves` and `with_plan`. `board` is all of them.
"""

from dataclasses import dataclass

import pandas as pd

from analytics.answers.board.burn_down import BurnDown, WithPlan, burn_down, with_plan
from analytics.answers.board.gaps import Gaps, gaps
from analytics.answers.board.headlines import Headlines, headlines
from analytics.answers.board.move import Move, move, moves
from analytics.answers.board.quarter import Quarter, quarter
from analytics.answers.board.risks import Risks, risks
from analytics.answers.board.scope import Scope, scope_of
from analytics.answers.board.standing import Revocation, Standing, revocation, standing
from analytics.answers.board.teams import Teams, teams
from analytics.answers.board.trend import trend
from analytics.answers.table import Table
from analytics.answers.worst import Worst, worst
from analytics.kept.ahead import Ahead
from analytics.posture import Posture
from graph.stores import SnapshotInfo

__all__ = [
    "Board",
    "BurnDown",
    "Gaps",
    "Headlines",
    "Move",
    "Quarter",
    "Revocation",
    "Risks",
    "Scope",
    "Standing",
    "Teams",
    "WithPlan",
    "Worst",
    "board",
    "burn_down",
    "gaps",
    "headlines",
    "move",
    "moves",
    "quarter",
    "revocation",
    "risks",
    "scope_of",
    "standing",
    "teams",
    "trend",
    "with_plan",
    "worst",
]
LISTED = 10  # rows of each list


@dataclass(frozen=True)
class Board:
    """All that the front page and the report say; each part is a record of its own module.

    `sentence` names the reason of the grade, what can be read today, and how long removing takes.
    `team` is the name of the team that it is restricted to, None for the whole estate; `trend` and
    `teams` are of the whole estate only. `move` is None if nothing helps, `with_plan` if nothing is
    known to be repaid.
    """

    sentence: str
    team: str | None
    standing: Standing
    revocation: Revocation
    headlines: Headlines
    move: Move | None
    moves: Table
    quarter: Quarter
    burn_down: BurnDown
    with_plan: WithPlan | None
    worst: Worst
    trend: Table | None
    teams: Teams | None
    risks: Risks
    gaps: Gaps


def board(
    posture: Posture,
    now: pd.Timestamp,
    team: int | None = None,
    target: float | None = None,
    limit: int = LISTED,
    against: SnapshotInfo | None = None,
) -> Board:
    """Return all parts of the board answer, of all accountable identities or of those of a team.

    `team` is the number of a team, or -1 for the identities of none. `target` is the ratio to reach
    (default: the highest of grade A). `against` is the snapshot to compare with (default: that of
    about a quarter ago). `now` is today, for the age of the data; everything else is as of the
    moment of the posture.
    """
    scope = scope_of(posture, team)
    stands, removing = standing(posture, scope), revocation(posture, scope)
    since = quarter(posture, scope, against)
    burn = burn_down(posture, scope, stands, since, target)
    return Board(
        sentence=f"{stands.sentence} {removing.sentence}".strip(),
        team=team_name(posture, team),
        standing=stands,
        revocation=removing,
        headlines=headlines(posture, scope),
        move=move(posture, scope, stands),
        moves=moves(posture, scope),
        quarter=since,
        burn_down=burn,
        with_plan=with_plan(posture, scope, burn),
        worst=worst(posture, limit, scope.places),
        trend=trend(posture) if team is None else None,
        teams=teams(posture, limit) if team is None else None,
        risks=risks(posture, scope, limit),
        gaps=gaps(posture, scope, now),
    )


def team_name(posture: Posture, team: int | None) -> str | None:
    """Return the name of a team, given its number; None for the whole estate."""
    if team is None:
        return None
    return posture.graph.thing(team)["name"] if team >= 0 else "no team"


def _burn_down(posture: Posture) -> BurnDown:
    scope = scope_of(posture)
    return burn_down(posture, scope, standing(posture, scope), quarter(posture, scope))


def _move(posture: Posture) -> Move | None:
    scope = scope_of(posture)
    return move(posture, scope, standing(posture, scope))


AHEAD = (
    Ahead(10, "what is owed", lambda p: standing(p, scope_of(p))),
    Ahead(20, "paths to the crown jewels", lambda p: headlines(p, scope_of(p))),
    Ahead(30, "the last quarter", lambda p: quarter(p, scope_of(p))),
    Ahead(40, "what to do first", _move),
    Ahead(50, "how long removing takes", lambda p: revocation(p, scope_of(p))),
    Ahead(60, "what 30 days bring", _burn_down),
    Ahead(70, "teams", teams),
    Ahead(80, "accepted risks", lambda p: risks(p, scope_of(p))),
)
