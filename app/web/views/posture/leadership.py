"""Figures for leadership: cached answers, formats, and the pages with their rows."""

from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.evidence import evidence
from analytics.answers.kpis import Kpis
from analytics.answers.kpis import kpis as kpis_answer
from analytics.answers.revocation import overdue_items
from analytics.answers.table import INSTANT, instants
from analytics.assumptions.entitlements import heaviest
from analytics.evidence.window import ALWAYS, Window
from analytics.figures.approvals import approvals
from analytics.figures.measure import population
from analytics.figures.revocation.speed import overdue
from analytics.figures.sensitive_reach import reaching
from analytics.findings.families.tools import callable_tools
from analytics.posture import UNUSED_DAYS, Posture
from app.web.answers.figures import names
from app.web.page.snapshots import kept
from app.web.tables import points
from app.wording import (
    NO_FIGURE,
    NOT_KNOWN,
    brief,
    counted,
    day,
    days,
    kind,
    number,
    percent,
    share,
)
from graph.instants import NEVER
from graph.schema import IDENTITIES, LEVELS

LISTED = 1000
DAY_SECONDS = 86_400
MET = {True: "✓ met", False: "✗ missed"}
KINDS = {
    "grant": "Grant past its end, or revoked on paper",
    "credential": "Credential past its expiry",
    "identity": "Identity past its term",
    "owner": "Role without its owner",
}


@kept
def kpis(posture: Posture) -> Kpis:
    """Return the leadership figures and the pillars, as in `answers.kpis`."""
    return kpis_answer(posture)


def figure_words(value: float | None, unit: str) -> str:
    """Format the value of a figure in its unit.

    >>> figure_words(0.115, "share"), figure_words(135.38, "days"), figure_words(None, "tp")
    ('11.5%', '135 days', 'not measured')
    """
    if value is None:
        return "not measured"
    if unit == "share":
        return percent(value)
    if unit == "days":
        return counted(round(value), "day")
    return f"{brief(value)} {unit}" if unit in ("tp", "tp/day") else number(round(value, 2))


def kpi_rows(figures: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each leadership figure, with its terms, or why it is not measured.

    `figures` is the frame of `Kpis.kpis`.
    """
    values, targets = (map(figure_words, figures[c], figures["unit"]) for c in ("value", "target"))
    has_target, known = figures["target"].notna(), figures["on_target"].notna()
    in_doubt = np.where(has_target & figures["value"].notna(), NO_FIGURE, "")
    return pd.DataFrame(
        {
            "Figure": figures["title"],
            "Value": list(values),
            "Numerator": np.array([_term(term) for term in figures["numerator"]], float),
            "Denominator": np.array([_term(term) for term in figures["denominator"]], float),
            "Target": np.where(has_target, np.array(list(targets), object), ""),
            "Met": np.where(known, figures["on_target"].map(MET), in_doubt),
            "Not measured, because": figures["not_measured_because"].fillna(""),
        }
    )


def _term(value: float | None) -> float:
    return np.nan if value is None else round(value, 1)


def pillar_rows(pillars: list[dict[str, Any]]) -> pd.DataFrame:
    """Return a row for each pillar or part: the amounts in evidence, in all and unknown."""
    shown = [pillar["value"] for pillar in pillars]
    terms = {"Shown": "numerator", "Of": "denominator", "Unknown": "unknown"}
    return pd.DataFrame(
        {
            "What": [pillar["title"] for pillar in pillars],
            "In evidence": [NOT_KNOWN if part is None else share(part, 1) for part in shown],
            **{
                words: points(pd.Series([pillar[term] for pillar in pillars], dtype=float))
                for words, term in terms.items()
            },
        }
    )


def rows_page(command: str) -> tuple[str, dict[str, str]] | None:
    """Return the page and its parameters for the rows that a command lists; None without a page.

    >>> rows_page("trustdebt findings --rule TIM-01")
    ('findings', {'rules': 'TIM-01'})
    >>> rows_page("trustdebt debt --by identity")
    ('trust_debt', {'by': 'identity'})
    >>> rows_page("trustdebt evidence")
    """
    words = command.split()[1:]
    asked, options = words[0], dict(zip(words[1::2], words[2::2], strict=False))
    if asked == "findings":
        named = {"--rule": "rules", "--state": "state"}
        return "findings", {named[o]: v for o, v in options.items() if o in named}
    if asked == "debt":
        return "trust_debt", {"by": options["--by"]} if "--by" in options else {}
    page = {"orphans": "ownership", "identities": "ownership", "stale": "stale_access"}.get(asked)
    return None if page is None else (page, {})


@kept
def rows_behind(posture: Posture, figure: str) -> pd.DataFrame | None:
    """Return the rows behind a figure that no page lists; None if a page does."""
    make = {
        "time_to_revoke": _overdue,
        "evidence_coverage": _recent_uses,
        "action_evidence": _uses,
        "reconstructability": _recent_uses,
        "approved_tools": _tools,
        "sensitive_reach": _sensitive,
        "approved_by_person": _approvals,
        "log_retention": _logs,
        "classified_resources": _classes,
    }.get(figure)
    return None if make is None else make(posture)


def _overdue(posture: Posture) -> pd.DataFrame:
    rows = overdue_items(posture, overdue(posture), LISTED)[0].readable()
    return pd.DataFrame(
        {
            "Overdue": [KINDS.get(kind, kind) for kind in rows["kind"]],
            "Identity": rows["identity_name"].fillna(rows["identity_id"]),
            "Since": days(rows["since"]),
            "Gone": days(rows["ended_at"]).where(rows["ended_at"].notna(), "still there"),
            "Days": rows["days"].round(1),
        }
    )


def _recent_uses(posture: Posture) -> pd.DataFrame:
    return _uses(posture, Window(posture.graph.as_of - pd.Timedelta(days=UNUSED_DAYS)))


def _uses(posture: Posture, window: Window = ALWAYS) -> pd.DataFrame:
    rows = evidence(posture, limit=LISTED, window=window).uses.readable()
    return pd.DataFrame(
        {
            "When": days(rows["at"]),
            "Identity": rows["identity_name"],
            "Resource": rows["resource_name"],
            "Level": rows["level"].fillna(NOT_KNOWN),
            "Decision": rows["state"].str.replace("_", " "),
        }
    )


def _approvals(posture: Posture) -> pd.DataFrame:
    rows = approvals(posture).tail(LISTED)
    named = np.where(rows["person"], "yes", np.where(rows["stranger"], NOT_KNOWN, "no"))
    return pd.DataFrame(
        {
            "When": days(instants(rows["at"])),
            "Identity": names(posture, rows["actor"].to_numpy(np.int64)),
            "Resource": names(posture, rows["resource"].to_numpy(np.int64)),
            "Level": np.array(LEVELS, object)[rows["level"].to_numpy(np.int64)],
            "A person approved": named,
        }
    )


def _logs(posture: Posture) -> pd.DataFrame:
    logs = [c for c in posture.graph.coverage if "usage" in c.declares]
    since = pd.Series([c.usage_window_start for c in logs], dtype=INSTANT)
    read = pd.Series([c.taken_at for c in logs], dtype=INSTANT)
    return pd.DataFrame(
        {
            "Source": [c.source for c in logs],
            "Scope": [c.scope for c in logs],
            "Since": days(since).where(since.notna(), NOT_KNOWN),
            "Read": days(read),
            "Days": ((read - since).dt.total_seconds() / DAY_SECONDS).round(1),
        }
    )


def _classes(posture: Posture) -> pd.DataFrame:
    stated = posture.sensitivities["stated"]
    resources = np.flatnonzero((stated != "").to_numpy(bool))
    classes = stated.iloc[resources].replace("unknown", NOT_KNOWN).to_numpy(object)
    return pd.DataFrame({"Resource": names(posture, resources), "Class": classes})


def _tools(posture: Posture) -> pd.DataFrame:
    frame = callable_tools(posture, population(posture).identities)
    words = frame["approved"].map({True: "yes", False: "no"}, na_action="ignore")
    approved = words.astype(object).where(frame["approved"].notna(), NOT_KNOWN)
    return pd.DataFrame({"Tool": frame["name"].fillna(frame["id"]), "Approved": approved})


def _sensitive(posture: Posture) -> pd.DataFrame:
    identities = population(posture).identities
    able = identities[reaching(posture)[identities]]
    able = able[np.argsort(-heaviest(posture)[able], kind="stable")]
    labels = posture.graph.things["label"].to_numpy(object)[able]
    return pd.DataFrame(
        {
            "Identity": names(posture, able),
            "Kind": [kind(label) for label in labels],
            "Heaviest access": heaviest(posture)[able],
        }
    )


@kept
def inventory(posture: Posture) -> pd.DataFrame:
    """Return a row for each accountable identity in service, with the facts of discovery."""
    identities, graph = population(posture).identities, posture.graph
    rows = pd.DataFrame(
        {
            "Identity": names(posture, identities),
            "Kind": [kind(label) for label in graph.things["label"].to_numpy(object)[identities]],
            "Created": posture.created_at[identities],
        }
    )
    rows["Created"] = [NOT_KNOWN if at == NEVER else day(_instant(at)) for at in rows["Created"]]
    for column, words in (("env", "Environment"), ("purpose", "Purpose")):
        rows[words] = _stated(posture, column)[identities]
    unknown = (rows[["Created", "Environment", "Purpose"]] == NOT_KNOWN).sum(axis=1)
    return rows.iloc[np.argsort(-unknown.to_numpy(), kind="stable")].reset_index(drop=True)


def _instant(milliseconds: int) -> pd.Timestamp:
    return pd.Timestamp(int(milliseconds), unit="ms", tz="UTC")


def _stated(posture: Posture, column: str) -> np.ndarray:
    graph = posture.graph
    values = np.full(len(graph.ids), NOT_KNOWN, object)
    for label in IDENTITIES:
        frame = graph.frames[label]
        if column in frame:
            values[graph.numbers(frame["id"])] = frame[column].astype(object).fillna(NOT_KNOWN)
    return values
