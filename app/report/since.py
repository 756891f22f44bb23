"""How the counts of a report changed since an earlier snapshot, apart from what is seen of them."""

from collections.abc import Mapping

from analytics.answers.board.quarter import Quarter
from analytics.answers.board.quarter import figures as board_figures
from analytics.answers.board.scope import scope_of
from analytics.answers.compare.sides import Sides
from analytics.answers.compare.since import (
    NOT_THEN,
    Change,
    Figure,
    Figures,
    changes_of,
    number_in,
)
from analytics.posture import Posture
from app.report.sheet import BETTER, SAME, WORSE

COUNTS = ("sensitive", "reaching", "paths")
NOT_COMPARABLE = "not comparable"


def changes(posture: Posture, since: Quarter, team: int | None) -> Mapping[str, Change]:
    """Return the change of each of `COUNTS` since the snapshot that a report compares with.

    Where the sources differ, they are counted once more of what both could show.
    """
    if since.snapshot is None or posture.history is None or since.then is None:
        return {}
    sides = Sides(posture.history.posture(since.snapshot), posture)
    known = {id(sides.before): since.then, id(sides.after): since.now}
    agents = scope_of(posture, team).agents

    def figures(end: Posture) -> Figures:
        of = known.get(id(end))
        number = team
        if of is None and team is not None and team >= 0:
            number = number_in(sides, end, posture.graph.thing(team)["id"])
            of = dict.fromkeys(COUNTS) if number < 0 else None
        of = board_figures(end, scope_of(end, number, agents)) if of is None else of
        return {name: Figure(of[name]) for name in COUNTS}

    return changes_of(sides, figures)


def change_words(change: Change | None) -> tuple[str, str]:
    """Return how a count changed, and its direction; "" for what cannot be told.

    >>> change_words(Change(3.0)), change_words(Change(-2.0, seen=9.0))
    (('+3: worse', 'worse'), ('-2: better; +9 came into sight', 'better'))
    >>> change_words(Change(0.0)), change_words(Change(None, because=NOT_THEN))
    (('as then', 'same'), ('not known then', ''))
    """
    if change is None:
        return "", ""
    if change.changed is None:
        return NOT_THEN if change.because == NOT_THEN else NOT_COMPARABLE, ""
    moved, seen = round(change.changed), round(change.seen)
    direction = SAME if not moved else WORSE if moved > 0 else BETTER
    words = f"{moved:+,}: {direction}" if moved else "as then"
    if seen:
        words += f"; {seen:+,} {'came into' if seen > 0 else 'went out of'} sight"
    return words, direction


def ratio_words(since: Quarter) -> tuple[str, str]:
    """Return how the ratio changed, and its direction, as the sentence of the comparison has it."""
    if since.then is None or since.now is None:
        return "", ""
    then, today = since.then["tdr"], since.now["tdr"]
    if then is None or today is None:
        return NOT_THEN, ""
    if since.direction == "unknown":
        return NOT_COMPARABLE, ""
    difference = round(100 * (today - then), 1)
    if not difference:
        return "as then", SAME
    direction = WORSE if difference > 0 else BETTER
    return f"{difference:+.1f} pt: {direction}", direction
