"""Commands for leadership: kpis, frameworks, revocation."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.command import question
from app.cli.groups import Group
from app.cli.options.usual import LIMIT, EachLimitOption, LimitOption
from app.cli.output.columns import Columns, Commands, of_unit

if TYPE_CHECKING:
    from analytics.answers.frameworks import Frameworks
    from analytics.answers.kpis import Kpis
    from analytics.answers.revocation import Revocation
    from analytics.posture import Posture


KPIS: dict[str, Columns] = {
    "kpis": {
        "figure": "title",
        "value": lambda r: of_unit(r["value"], r["unit"]),
        "numerator": "numerator",
        "denominator": "denominator",
        "target": lambda r: of_unit(r["target"], r["unit"]),
        "not measured, because": "not_measured_because",
    },
    "pillars": {
        "pillar": "title",
        "in evidence": lambda r: of_unit(r["value"], "share"),
        "of": "denominator",
        "unknown": "unknown",
        "unit": "unit",
        "not measured, because": "not_measured_because",
    },
}
FRAMEWORKS: dict[str, Columns] = {
    "frameworks": {
        "name": "name",
        "framework": "title",
        "version": "version",
        "applies": "applies",
        "measured": "measured",
        "of": "of",
    },
    "controls": {
        "control": "id",
        "title": "title",
        "count": "numerator",
        "of": "denominator",
        "counted": "numerator_is",
        "evidence": lambda r: [e.get("rule") or e["title"] for e in r["evidence"]],
        "not measured, because": "not_measured_because",
    },
}


DAY = 86_400  # seconds
REVOCATION: dict[str, Columns] = {
    "residue": {
        "thing": lambda r: r,
        "label": "label",
        "kind": "kind",
        "of": "of",
        "alive since": "alive_since",
        "alive days": lambda r: _days(r["alive_seconds"]),
    },
    "kill_sets": {
        "identity": lambda r: r,
        "label": "label",
        "ended at": "ended_at",
        "elements": "elements",
        "alive": "alive",
        "dead": "dead",
        "unknown": "unknown",
        "all within a day": "atomic",
        "days to the last": lambda r: _days(r["seconds"]),
        "days since out of scope": lambda r: _days(r["lag_seconds"]),
    },
    "revived": {
        "identity": lambda r: r,
        "deleted at": "deleted_at",
        "revived at": "revived_at",
        "left from before": lambda r: len(r["facts"]),
        "shown by": "shown_by",
    },
}


def _days(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / DAY, 1)


def _after_kpis(result: dict[str, Any]) -> Commands:
    return [("frameworks",), ("report", "--out", "report.pdf")]


def _three(result: dict[str, Any]) -> str | None:
    titles = {row["name"]: row for row in result["kpis"]}
    rows = [titles[name] for name in result["three_that_count"] if name in titles]
    parts = [
        f"{row['title']}: {of_unit(row['value'], row['unit']) or 'not measured'}" for row in rows
    ]
    return f"{'; '.join(parts)}." if parts else None


@question(
    "kpis",
    Group.STANDING,
    kept=True,
    following=_after_kpis,
    rows=("kpis",),
    columns=KPIS,
    sentence=_three,
)
def kpis(posture: "Posture") -> "Kpis":
    """Show the leadership figures with their denominators.

    Example: trustdebt kpis
    """
    from analytics.answers.kpis import kpis as answer

    return answer(posture)


def _after_frameworks(result: dict[str, Any]) -> Commands:
    named = {row["framework"] for row in result["controls"]}
    return [("frameworks", name) for name in sorted(named)[:1]] if len(named) > 1 else []


@question("frameworks", Group.STANDING, kept=True, following=_after_frameworks, columns=FRAMEWORKS)
def frameworks(
    posture: "Posture",
    name: Annotated[
        str | None, typer.Argument(help="A framework, such as csf, or a control.")
    ] = None,
    limit: EachLimitOption = None,
) -> "Frameworks":
    """Show what is evidence of which control.

    Example: trustdebt frameworks owasp_nhi_2025
    """
    from analytics.answers.frameworks import frameworks as answer

    return answer(posture, name, limit)


def _after_revocation(result: dict[str, Any]) -> Commands:
    left = (row for row in result["kill_sets"] if row["alive"] and not row["gone"])
    return [("decommission", row["id"]) for row in left][:1]


@question("revocation", Group.ENDS, kept=True, following=_after_revocation, columns=REVOCATION)
def revocation(
    posture: "Posture",
    thing: Annotated[str | None, typer.Argument(help="Only of this identity.")] = None,
    limit: LimitOption = LIMIT,
) -> "Revocation":
    """Show what must end with an identity, and what outlived it.

    Example: trustdebt revocation invoice-bot
    """
    from analytics.answers.revocation import revocation as answer
    from analytics.answers.revocation import subject_of

    subject = subject_of(posture, thing) if thing is not None else None
    return answer(posture, subject, limit)
