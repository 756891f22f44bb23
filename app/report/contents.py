"""The contents of a report: the board answer as the texts of one page.

Names are shortened in the middle, and lists to what fits: what was left out is counted below each.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from analytics.answers.board import Board, board, scope_of
from analytics.answers.board.move import first_changes, order_words
from analytics.answers.board.standing import Standing
from analytics.answers.compare.since import Change
from analytics.answers.plan import RemovalPlan
from analytics.answers.standards.product import PRODUCT, product_version
from analytics.posture import Posture
from app.clock import now
from app.freshness import age_words, day_words, freshness
from app.report.history import of_team, points_of
from app.report.sheet import Figure, Listing, Sheet, Trend
from app.report.since import change_words, changes, ratio_words
from app.wording import brief, counted, day, number, percent, rated_ratio, share
from graph.stores import SnapshotInfo
from graph.values import iso

TEAMS, RISKS, SOURCES, FACTS = 7, 5, 5, 5  # rows of the lists
NAME, TEAM, LINE, SENTENCE, CELL = 44, 15, 130, 380, 90  # characters
NOT_KNOWN = "not known"
STARTS = {"agents": ("agent", "agents"), "identities": ("identity", "identities")}
LONG_WORD = re.compile(r"\S{61,}")
OLD_DAYS = 30
VERDICTS = {
    "safe": "safe now",
    "needs_owner": "ask its owner",
    "needs_longer_window": "watch longer",
}


def sheet_of(
    posture: Posture, against: SnapshotInfo | None = None, team: int | None = None
) -> Sheet:
    """Return the contents of the report of a posture.

    `against` is the snapshot that it is compared with, by default that of about a quarter ago;
    `team` the number of a team that it is restricted to.
    """
    today = now()
    answer = board(posture, today, team, against=against, limit=max(TEAMS, RISKS))
    plan = first_changes(posture, scope_of(posture, team))
    whose = f": team {short(answer.team)}" if answer.team is not None else ""
    return Sheet(
        title=f"Trust debt report{whose}",
        subtitle=tuple(_subtitle(posture, answer, today)),
        grade=answer.standing.grade,
        grade_words=_grade_words(answer),
        sentence=text(answer.sentence, SENTENCE),
        move=text(answer.move.sentence, 2 * LINE) if answer.move else NO_MOVE,
        figures=tuple(_figures(answer, changes(posture, answer.quarter, team))),
        trend=Trend(
            title="Trust debt ratio: what is owed, of the most that could be owed",
            points=points_of(_ratios(posture, answer, team)),
            target=100 * answer.burn_down.target,
            words=tuple(text(line, LINE) for line in _trend_words(answer)),
        ),
        lists=(_moves(answer, plan),),
        halves=(
            (_teams(answer) if team is None else _worst(answer), _risks(answer)),
            (_coverage(answer), _sources(answer)),
        ),
        foot=tuple(_foot(posture)),
        drawn_at=int(posture.graph.as_of.timestamp()),
        warnings=tuple(_warnings(posture, answer)),
    )


def _ratios(posture: Posture, answer: Board, team: int | None) -> pd.DataFrame:
    if team is not None:
        return of_team(posture, team)
    assert answer.trend is not None, "the whole estate has one"
    return answer.trend.frame


OF_NOBODY = "It answers for no identity that is known."
NO_MOVE = "no single change that is known frees anything or pays off debt."


def short(name: object, limit: int = NAME) -> str:
    """Return a name that fits, without its middle if need be: its ends tell most.

    >>> short("arn:aws:iam::123456789012:role/a-very-long-name", 21)
    'arn:aws:ia…-long-name'
    """
    words = str(name)
    if len(words) <= limit:
        return words
    half = (limit - 1) // 2
    return f"{words[: limit - 1 - half]}…{words[-half:]}"


def text(words: str, limit: int) -> str:
    """Return a sentence that fits: no name in it takes the place of the others."""
    fitting = LONG_WORD.sub(lambda match: short(match.group(), 60), words)
    return fitting if len(fitting) <= limit else f"{fitting[: limit - 1]}…"


# -- the head ---------------------------------------------------------------------------------


def _subtitle(posture: Posture, answer: Board, today: pd.Timestamp) -> Iterator[str]:
    words = [f"As of {day(posture.graph.as_of)}", f"printed on {day(today)}"]
    facts = freshness(answer.gaps.sources)
    yield text(" · ".join([*words, facts] if facts else words), LINE)
    since = answer.quarter
    if since.at is None:
        yield text(f"Not compared with an earlier snapshot: {since.because}.", LINE)
    else:
        yield text(f"Compared with {day(since.at)}, snapshot {since.snapshot}", LINE)


def _warnings(posture: Posture, answer: Board) -> Iterator[str]:
    """Yield what makes the page tell less than it seems to, the worst first; two lines at most."""
    lines = []
    if posture.before_data:
        lines.append("There are no data before this day: nothing is graded.")
    if posture.faults:
        lines.append(f"Not everything could be judged: {', '.join(sorted(posture.faults))}.")
    failed = [row for row in answer.gaps.sources if row["state"] == "failed"]
    if failed:
        lines.append(f"The last read of {counted(len(failed), 'source')} failed.")
    oldest = answer.gaps.oldest_days
    if oldest is not None and oldest > OLD_DAYS:
        lines.append(
            f"The oldest facts are {age_words(oldest)}: what is so today may be better or worse."
        )
    yield from (text(line, LINE) for line in lines[:2])


def _grade_words(answer: Board) -> str:
    because = answer.standing.grade_because
    if because is None or answer.standing.grade == "NR":  # the sentence says why it is not rated
        return ""
    return text(f"The grade is capped: {because}.", LINE)


def _figures(answer: Board, changed: Mapping[str, Change]) -> Iterator[Figure]:
    stands = answer.standing
    yield Figure(
        "Trust debt ratio",
        _ratio(stands),
        f"target {answer.burn_down.target:.1%}",
        *ratio_words(answer.quarter),
    )
    counts = stands.sensitive
    rated = counts["of"] and counts["resources"] > counts["unrated"]
    yield Figure(
        "Identities that can read sensitive data",
        f"{number(counts['count'])} of {number(counts['of'])}" if rated else NOT_KNOWN,
        _unknown_words(counts["not_known"]),
        *(change_words(changed.get("sensitive")) if rated else ()),
    )
    yield from _of_jewels(answer, changed)


def _ratio(stands: Standing) -> str:
    """Return the ratio; where it is not rated, between which ends it lies, as on the front page."""
    ratio = stands.tdr if stands.max_debt else None
    return rated_ratio(ratio, stands.tdr_range, stands.grade) or NOT_KNOWN


def _of_jewels(answer: Board, changed: Mapping[str, Change]) -> Iterator[Figure]:
    """Yield the figures of crown jewels: where none is known, nobody can say who reaches one."""
    heads = answer.headlines
    known, of = heads.known, counted(heads.targets, "crown jewel")
    yield Figure(
        f"{heads.starts_are.capitalize()} that reach a crown jewel",
        f"{number(heads.reaching)} of {number(known)}" if known else NOT_KNOWN,
        _unknown_words(heads.not_known),
        *(change_words(changed.get("reaching")) if known else ()),
    )
    yield Figure(
        "Open paths to crown jewels",
        number(heads.paths) if known else NOT_KNOWN,
        f"to {of}" if heads.targets else "no crown jewel is known",
        *(change_words(changed.get("paths")) if known else ()),
    )
    best, nothing = heads.best, "no one step is on all their paths"
    none = "none" if heads.reaching else NOT_KNOWN  # as on the front page
    yield Figure(
        "Best single fix cuts off",
        counted(best["frees"], *STARTS[heads.starts_are]) if best else none,
        short(best["what"]) if best else nothing if heads.reaching else "nothing to cut off",
        "in use: ask first" if best and best["protected"] else "",
    )


def _unknown_words(count: int) -> str:
    return f"reach of {number(count)} unknown" if count else ""


def _trend_words(answer: Board) -> Iterator[str]:
    stands, burn = answer.standing, answer.burn_down
    if stands.debt is not None and stands.max_debt:
        yield f"Owed: {brief(stands.debt)} of at most {brief(stands.max_debt)} trust points (tp)."
    yield answer.quarter.sentence
    yield f"Target of {burn.target:.1%}: {_lower(burn.today.sentence)}"
    if answer.with_plan is not None:
        yield f"With the plan: {_lower(answer.with_plan.reached.sentence)}"
    yield burn.delay_sentence


def _lower(sentence: str) -> str:
    return f"{sentence[:1].lower()}{sentence[1:]}"


# -- the lists --------------------------------------------------------------------------------


def _moves(answer: Board, plan: RemovalPlan) -> Listing:
    moves = answer.moves
    owners = moves.of_nodes("owner", "name")
    rows = tuple(
        (
            str(place),
            order,
            _safety(row),
            "nobody" if pd.isna(owner) else short(owner, 26),
            brief(row["debt_removed"]),
        )
        for place, (row, order, owner) in enumerate(
            zip(moves.frame.to_dict("records"), _orders(plan, len(moves)), owners, strict=True), 1
        )
    )
    return Listing(
        f"Top {len(rows)} moves" if len(rows) > 1 else "Top moves",
        ("#", "What to do", "How safe", "Who decides", "Debt, tp"),
        (0.3, 6.2, 1.3, 1.4, 1.3),
        rows,
        _moves_words(answer, plan) if rows else "No change is known that pays off debt.",
        (0, 4),
    )


def _orders(plan: RemovalPlan, count: int) -> list[str]:
    """Return what to do, as orders that fit: on how much in all, and the first of it."""
    steps = plan.steps.frame.head(count)
    orders = []
    for action, target, on in zip(steps["action"], steps["target"], steps["on"], strict=True):
        head, colon, first = order_words(action, target).partition(": ")
        many = f" ({number(len(on))} in all)" if len(on) > 1 else ""
        orders.append(text(f"{head}{many}{colon}{first}", CELL))
    return orders


def _safety(row: Mapping[Any, Any]) -> str:
    breaks: int = row["breaks"]
    return f"breaks {counted(breaks, 'use')}" if breaks else VERDICTS[row["verdict"]]


def _moves_words(answer: Board, plan: RemovalPlan) -> str:
    where = "" if answer.team is None else ", in the whole estate"
    before, after = plan.before, plan.after
    debt = f"debt from {brief(before['debt'])} to {brief(after['debt'])} tp"
    reach = share(before["reach"] - after["reach"], before["reach"])
    findings = f"findings from {number(before['findings'])} to {number(after['findings'])}"
    return text(f"All together{where}: {debt}, {findings}, {reach} of all reach gone.", LINE)


def _teams(answer: Board) -> Listing:
    of = answer.teams
    assert of is not None
    rows = tuple(
        (
            short(row["name"], TEAM),
            number(row["identities"]),
            "not known" if pd.isna(row["debt"]) else brief(row["debt"]),
            rated_ratio(row["tdr"], row["tdr_range"], row["grade"]) or "",
            _grade(row["grade"]),
        )
        for row in of.teams.frame.head(TEAMS).to_dict("records")
    )
    more = of.left_out + len(of.teams) - len(rows)
    note = f"{counted(more, 'more team')}, each of which owes less." if more else ""
    return Listing(
        "Teams that owe most",
        ("Team", "Identities", "Debt, tp", "Ratio", "Grade"),
        (3.1, 1.75, 1.62, 1.25, 1.5),
        rows,
        note if rows else "No accountable identity is known.",
        (1, 2, 3),
    )


def _grade(letter: object) -> str:
    return "not rated" if pd.isna(letter) or letter == "NR" else str(letter)  # type: ignore[call-overload]


def _worst(answer: Board) -> Listing:
    table = answer.worst.identities
    names = table.of_nodes("identity", "name")
    rows = tuple(
        (short(name, 30), short(row["because"], 52), _grade(row["grade"]))
        for name, row in zip(names, table.frame.to_dict("records"), strict=True)
    )[:TEAMS]
    more = answer.worst.left_out + len(table) - len(rows)
    return Listing(
        "Worst identities",
        ("Identity", "Because", "Grade"),
        (2.4, 4, 0.9),
        rows,
        (f"{number(more)} more, none worse." if more else "") if rows else OF_NOBODY,
    )


def _risks(answer: Board) -> Listing:
    of = answer.risks
    subjects = of.expiries.of_nodes("subject", "name")
    rows = tuple(
        (
            row["severity"],
            short(row["sentence"], 52),
            short(row["by"], 18),
            day(row["until"]) if row["state"] == "in_force" else f"ran out {day(row['until'])}",
        )
        for _, row in zip(subjects, of.expiries.frame.to_dict("records"), strict=True)
    )[:RISKS]
    more = of.left_out + len(of.expiries) - len(rows)
    parts = [f"{number(of.accepted)} accepted, {number(of.soon)} of them end within 30 days"]
    if of.lapsed:
        parts.append(f"{number(of.lapsed)} ran out and are open again")
    if more:
        parts.append(f"{number(more)} not listed here")
    return Listing(
        "Accepted risks, next to end first",
        ("Severity", "What", "By", "Until"),
        (1.1, 3.6, 1.4, 1.6),
        rows,
        f"{'; '.join(parts)}." if rows else "Nobody accepted a risk.",
    )


def _coverage(answer: Board) -> Listing:
    stands, gaps = answer.standing, answer.gaps
    checked = NOT_KNOWN  # of nothing, all is verified
    if stands.coverage is not None and stands.max_debt:
        checked = percent(stands.coverage)
    known = f"{number(stands.identities - stands.not_known)} of {number(stands.identities)}"
    rows = [
        ("Access that could be verified", checked),
        ("Identities whose access is known", known),
        ("Checks that wait for facts", number(gaps.waiting)),
    ]
    rows += [
        (f"Missing: {row['says']}", f"settles {share(row['settles'], 1)}" if row["settles"] else "")
        for row in gaps.missing[: FACTS - len(rows)]
    ]
    connect = ", ".join(f"{row['source']} ({number(row['checks'])})" for row in gaps.connect)
    note = f"Connect next (checks that could run then): {connect}." if connect else ""
    return Listing(
        "What this rests on",
        ("Fact", "Known"),
        (4, 1.4),
        tuple((short(a, 52), short(b, 20)) for a, b in rows),
        text(note, CELL),
        (1,),
    )


def _sources(answer: Board) -> Listing:
    ordered = sorted(answer.gaps.sources, key=lambda row: -row["age_days"])
    rows = tuple(
        (
            short("/".join(part for part in (row["source"], row["scope"]) if part), 34),
            day_words(row["taken_at"]),
            age_words(row["age_days"]),
            row["state"],
        )
        for row in ordered[:SOURCES]
    )
    more = len(ordered) - len(rows)
    return Listing(
        "Sources, oldest first",
        ("Source", "Facts of", "Today", "Read"),
        (2.2, 1.8, 2, 1.5),
        rows,
        f"{counted(more, 'newer source')} not listed." if more else "",
    )


def _foot(posture: Posture) -> Sequence[str]:
    info = posture.graph.snapshot
    made = f"{PRODUCT} {product_version()}"
    of = f"snapshot {info.id}" if info is not None else "no snapshot"
    return (
        "Trust points: access on a broken assumption, by what it reaches and for how long. "
        "Crown jewels: restricted data and control planes.",
        f"{made} · {of} · {iso(posture.graph.as_of)} · unknown counts neither as fine "
        "nor as broken",
    )
