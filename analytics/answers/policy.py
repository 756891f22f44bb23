"""The smallest policy by observed use: what it keeps and drops, what to ask, what it breaks."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import cut, node_lists, when
from analytics.answers.table import OPTIONAL, Kind, Table, instants, objects
from analytics.findings.just_in_time import fit
from analytics.posture import UNUSED_DAYS, Posture
from analytics.remediation.policy.evidence import ASKED, State, actions_of
from analytics.remediation.policy.format import Allowance
from analytics.remediation.policy.formats import format_of
from analytics.remediation.policy.held_out import HeldOut
from analytics.remediation.policy.smaller_policy import SmallerPolicy, smaller_policy
from analytics.remediation.policy.verdict import Verdict
from analytics.usage.actors import actors
from analytics.weights import LEVEL_WEIGHTS
from graph.aws.patterns import contains
from graph.instants import DAY, NEVER
from graph.schema import CALLS, CAN_ACCESS, LEVELS

ROW = {"holder": Kind.NODE, "resource": Kind.NODE, "levels": Kind.LEVELS}
NOTHING = np.zeros(0, np.int64)
KINDS = dict.fromkeys(("dropped", "asked", "narrowed"), ROW) | {"kept": ROW | {"used": Kind.LEVELS}}
IN_WORDS = {
    State.USED: "it was used in the window",
    State.COMPANION: "it lists or describes what is in use, as consoles and libraries do",
    State.UNOBSERVABLE: "nobody could see whether it is used",
    State.UNKNOWN: "whether it was used in the window is not known, only before or after",
    State.TOO_NEW: "it was not watched for the whole window",
    State.EMERGENCY: "it is for emergencies: that it is unused says nothing",
    State.UNUSED: "it was watched for the whole window, and not used",
    State.ENDED: "its end has passed",
}
STAYS = (
    "Denials, boundaries and the trust of roles stay as they are: the statements take the place "
    "of what allows, and of that alone."
)
LOWER_BOUND = (
    "What it holds is not known completely: no source states the grants of all it acts as."
)
LOGGED = "Things that count as watched because this question says so, not a source: {:,}."
NOTHING_KNOWN = "No source states what it holds, so no policy can be written."


@dataclass(frozen=True)
class PolicyAnswer:
    """The smallest policy of an identity; see `policy`.

    `kept`, `dropped`, `asked` and `narrowed` have `grant` (an id), `relationship`, `holder`,
    `resource` (nodes), `levels`, `actions`, `state` and `why`. `kept` has what is kept, with
    `used` (levels in use), `last_used_at`, `uses`, `certain` (False if another may have been it),
    `through` (the nodes from the identity to the holder), `conditions`, `ends_at`, `not_written`
    (why this format cannot state it), and of just-in-time access `duty`, `score`, `benefit`
    (exposure times days). `dropped` has `last_used_at` and `watched_days`. `narrowed` has `levels`
    and `actions` that are lost of what is kept.
    """

    identity: dict[str, str]
    format: str
    policy: Any
    kept: Table
    dropped: Table
    asked: Table
    narrowed: Table
    held_out: dict[str, Any]
    window: dict[str, Any]
    counts: dict[str, int]
    notes: list[str]
    left_out: int
    limit: int | None = field(metadata=OPTIONAL)
    documents: list[dict[str, Any]] | None = field(metadata=OPTIONAL)


def policy(
    posture: Posture,
    identity: int,
    form: str,
    days: int = UNUSED_DAYS,
    limit: int = 0,
    logged: np.ndarray = NOTHING,
) -> PolicyAnswer:
    """Write the smallest policy that the use of an identity in the last `days` days needs.

    What was used is kept, at the levels and, where uses tell them, by the actions that were used;
    what was watched throughout and not used is dropped; what nobody could see, or was watched too
    short, is kept and `asked`. `held_out` says how many later uses a policy from before them
    refuses; its figures are null, with `why`, where no log tells of such uses. `logged` are things
    (numbers) of which somebody says that a log shows every use.

    Raises
    ------
    UnknownFormat, NoPolicy
    """
    made = smaller_policy(posture, identity, format_of(form), days, logged)
    frames = {
        "kept": _kept(posture, identity, made),
        "dropped": _dropped(posture, made.verdict),
        "asked": _asked(posture, made),
        "narrowed": _narrowed(posture, made),
    }
    tables = {
        name: Table(cut(frame, limit)[0].reset_index(drop=True), posture.graph.things, KINDS[name])
        for name, frame in frames.items()
    }
    counts = {name: len(frame) for name, frame in frames.items()}
    written = made.written
    return PolicyAnswer(
        identity=posture.graph.thing(identity),
        format=form,
        policy=written.policy if written else None,
        **tables,
        held_out=_held_out(posture, made.held_out, limit),
        window={"days": days, "from": when(made.period.watched_from), "to": when(made.period.end)},
        counts={
            "granted": len(made.verdict.evidence.holdings),
            **counts,
            "not_written": len(written.not_written) if written else 0,
        },
        notes=_notes(made, len(logged)),
        left_out=sum(counts[name] - len(table) for name, table in tables.items())
        + cut(made.held_out.refused, limit)[1],
        limit=written.limit if written else None,
        documents=(written.documents or None) if written else None,
    )


def _notes(made: SmallerPolicy, logged: int) -> list[str]:
    if made.written is None:
        return [NOTHING_KNOWN]
    notes = [STAYS] if made.written.documents else []
    notes += [] if made.complete else [LOWER_BOUND]
    return [*notes, LOGGED.format(logged)] if logged else notes


# -- tables ----------------------------------------------------------------------------------------


def _rows(
    posture: Posture, verdict: Verdict, places: np.ndarray, levels: np.ndarray
) -> pd.DataFrame:
    """Return grant, relationship, holder, resource and levels of permissions."""
    of, frames = verdict.evidence.holdings, posture.graph.frames
    ids = [
        str(frames[CALLS if of.call[place] else CAN_ACCESS]["id"].iloc[int(of.row[place])])
        for place in places.tolist()
    ]
    return pd.DataFrame(
        {
            "grant": pd.array(ids, dtype="string"),
            "relationship": np.where(of.call[places], CALLS.name, CAN_ACCESS.name),
            "holder": of.holder[places],
            "resource": of.target[places],
            "levels": levels[places],
        }
    )


def _reasons(verdict: Verdict, places: np.ndarray, states: tuple[State, ...]) -> pd.DataFrame:
    """Return for each permission the first of some states that an entitlement of it is in."""
    masks = [verdict.permissions(verdict.among((state,)))[places] for state in states]
    first = [states[place] for place in np.argmax(masks, axis=0)] if len(places) else []
    return pd.DataFrame(
        {
            "state": pd.array([state.value for state in first], dtype="string"),
            "why": pd.array([IN_WORDS[state] for state in first], dtype="string"),
        }
    )


def _through(posture: Posture, verdict: Verdict, places: np.ndarray) -> np.ndarray:
    of = verdict.evidence.holdings
    return node_lists(posture, [of.paths[int(path)].nodes for path in of.path[places]])


def _kept(posture: Posture, identity: int, made: SmallerPolicy) -> pd.DataFrame:
    verdict = made.verdict
    places = np.array(list(made.allowances), np.int64)
    allowances = list(made.allowances.values())
    not_written = made.written.not_written if made.written else {}
    count, certain = _uses(posture, identity, made, places)
    table = _rows(posture, verdict, places, verdict.levels(verdict.kept)).assign(
        used=verdict.levels(verdict.among((State.USED,)))[places],
        actions=objects([list(a.actions) for a in allowances]),
    )
    return pd.concat([table, _reasons(verdict, places, (State.USED, *ASKED))], axis=1).assign(
        last_used_at=instants(_last_used(verdict)[places]).array,
        uses=count,
        certain=objects(certain),
        through=_through(posture, verdict, places),
        conditions=objects([list(a.requirements) for a in allowances]),
        ends_at=instants(np.array([a.ends_at or NEVER for a in allowances], np.int64)).array,
        not_written=pd.array([not_written.get(a.id) for a in allowances], dtype="string"),
        **_just_in_time(posture, identity, verdict, places),
    )


def _dropped(posture: Posture, verdict: Verdict) -> pd.DataFrame:
    evidence = verdict.evidence
    places = np.flatnonzero(~verdict.permissions(verdict.kept))
    table = _rows(posture, verdict, places, evidence.holdings.levels)
    since = np.full(len(evidence.holdings), NEVER)
    since[evidence.permission] = np.where(evidence.watched, evidence.since, NEVER)
    watched = (posture.graph.now - since[places].astype(np.float64)) / DAY
    reasons = _reasons(verdict, places, (State.ENDED, State.UNUSED))
    return pd.concat(
        [table.assign(actions=_granted(posture, verdict, places)), reasons], axis=1
    ).assign(
        last_used_at=instants(_last_used(verdict)[places]).array,
        watched_days=np.where(since[places] == NEVER, np.nan, watched),
        through=_through(posture, verdict, places),
    )


def _asked(posture: Posture, made: SmallerPolicy) -> pd.DataFrame:
    verdict, mask = made.verdict, made.verdict.among(ASKED)
    places = np.flatnonzero(verdict.permissions(mask))
    table = _rows(posture, verdict, places, verdict.levels(mask))
    actions = objects([list(made.allowances[place].actions) for place in places.tolist()])
    reasons = _reasons(verdict, places, ASKED)
    return pd.concat([table.assign(actions=actions), reasons], axis=1).assign(
        through=_through(posture, verdict, places)
    )


def _narrowed(posture: Posture, made: SmallerPolicy) -> pd.DataFrame:
    """Return what is lost of the permissions that are kept: levels, and actions."""
    verdict = made.verdict
    lost = verdict.levels(~verdict.kept)
    actions = {
        place: [action for action in allowance.granted_actions if _lost(action, allowance)]
        for place, allowance in made.allowances.items()
    }
    by_use = verdict.used_actions  # without them actions only differ in how they are written
    places = [p for p in made.allowances if lost[p] or (by_use[p] is not None and actions[p])]
    table = _rows(posture, verdict, np.array(places, np.int64), lost)
    return table.assign(actions=objects([actions[place] for place in places]))


def _lost(action: str, allowance: Allowance) -> bool:
    """Return whether no kept action is, or includes, an action."""
    return not any(contains(kept.lower(), action.lower()) for kept in allowance.actions)


def _granted(posture: Posture, verdict: Verdict, places: np.ndarray) -> np.ndarray:
    of = verdict.evidence.holdings
    return objects(
        [
            [] if of.call[place] else list(actions_of(posture, int(of.row[place])))
            for place in places.tolist()
        ]
    )


# -- figures ---------------------------------------------------------------------------------------


def _last_used(verdict: Verdict) -> np.ndarray:
    """Return the last use of each permission that is known (milliseconds, `NEVER` without any)."""
    evidence = verdict.evidence
    last = np.full(len(evidence.holdings), NEVER)
    np.maximum.at(last, evidence.permission, evidence.reported)
    at = evidence.uses["last"].to_numpy(np.int64)[evidence.match["use"]]
    np.maximum.at(last, evidence.permission[evidence.match["entitlement"]], at)
    return last


def _uses(
    posture: Posture, identity: int, made: SmallerPolicy, places: np.ndarray
) -> tuple[np.ndarray, list[bool | None]]:
    """Return how many logged uses of each permission the window has, and if one is certain.

    A use that only the grant reports is one of the only identity that can be its holder.
    """
    evidence = made.verdict.evidence
    rows = evidence.within(made.period)
    rows = rows.assign(permission=evidence.permission[rows["entitlement"]])
    rows = rows.drop_duplicates(["permission", "use"])
    rows = rows.assign(
        count=evidence.uses["count"].to_numpy()[rows["use"]],
        certain=evidence.uses["certain"].to_numpy()[rows["use"]],
    )
    by_permission = rows.groupby("permission").agg(count=("count", "sum"), sure=("certain", "any"))
    by_permission = by_permission.reindex(places)
    holder = evidence.holdings.holder[places]
    alone = (holder == identity) | (actors(posture).alone[holder] == identity)
    used = made.verdict.permissions(made.verdict.among((State.USED,)))[places]
    sure = by_permission["sure"].astype("boolean").fillna(pd.Series(alone, places))
    certain = [bool(s) if u else None for s, u in zip(sure, used, strict=True)]
    return by_permission["count"].fillna(0).to_numpy(np.int64), certain


def _just_in_time(
    posture: Posture, identity: int, verdict: Verdict, places: np.ndarray
) -> dict[str, Any]:
    """Return how well just-in-time access fits the kept levels of each grant; nan for calls."""
    of = verdict.evidence.holdings
    columns = {name: np.full(len(places), np.nan) for name in ("duty", "score", "benefit")}
    index = np.flatnonzero(~of.call[places])
    grants = places[index]
    bits = verdict.levels(verdict.kept)[grants][:, None] >> np.arange(len(LEVELS)) & 1
    weight = posture.sensitivities["weight"].to_numpy(float)[of.target[grants]]
    highest = np.where(bits.any(axis=1), len(LEVELS) - 1 - bits[:, ::-1].argmax(axis=1), -1)
    fitted = fit(
        posture,
        np.full(len(grants), identity, np.int64),
        of.row[grants],
        highest,
        posture.autonomy[identity] * weight * (bits @ LEVEL_WEIGHTS),
    )
    columns["duty"][index], columns["score"][index] = fitted.duty, fitted.score
    columns["benefit"][index] = fitted.saved
    return columns


def _held_out(posture: Posture, of: HeldOut, limit: int) -> dict[str, Any]:
    thing = posture.graph.thing
    refused = [
        {
            "resource": thing(int(row["target"])),
            "level": LEVELS[int(row["level"])] if int(row["level"]) >= 0 else None,
            "action": row["action"],
            "uses": int(row["count"]),
            "first_at": when(int(row["first"])),
            "last_at": when(int(row["last"])),
            "why": row["why"],
        }
        for row in cut(of.refused, limit)[0].to_dict("records")
    ]
    return {
        "uses": of.uses,
        "allowed": of.allowed,
        "unseen": of.unseen,
        "uncertain": of.uncertain,
        "unplaced": of.unplaced,
        "refused": refused,
        "from": when(of.begin),
        "split_at": when(of.split),
        "to": when(of.end),
        "why": of.why,
    }
