"""Findings: the results of all rules that can be evaluated, worst first."""

import numpy as np
import pandas as pd

from analytics.findings.rule import Rule, nothing
from analytics.findings.rules import all_rules
from analytics.kept.answers import kept
from analytics.posture import Posture
from analytics.runtime.faults import Faults, guarded
from analytics.runtime.progress import steps
from analytics.weights import BANDS
from graph.coverage import known_kinds
from graph.once import once
from graph.schema import CREDENTIAL, IDENTITIES
from graph.values import derived_id

RANK = {name: rank for rank, (_, name) in enumerate(BANDS)}
LEAST_UNKNOWN = RANK["medium"]  # unknown reach counts as medium at least
UNKNOWN_REACH = " How much that gives access to is not known."
NAMES = np.array([name for _, name in BANDS], object)
LEAST = np.array([least for least, _ in BANDS])


@once
@kept
def find_all(posture: Posture) -> pd.DataFrame:
    """Run all rules whose kinds of fact are known, once for a posture.

    Returns
    -------
    DataFrame
        The columns of `analytics.findings.rule.COLUMNS`, and `id` (the same for the same rule,
        subject and object in every snapshot), `rule`, `severity`, `quantity` (weight times heaviest
        entitlement concerned; larger is worse), `rank` (0 is critical) and `reach_known`. If
        that is false the severity is at least medium, and the sentence says why. Findings of a rule
        that failed are missing: see `failed`.
    """
    rules = [rule for rule in all_rules().values() if not lacking(posture, rule)]
    each = steps("rules judged", rules)
    findings = _judged(posture, [(rule, _findings(posture, rule)) for rule in each])
    ordered = findings.assign(place=findings["rule"].map(_places())).sort_values(
        ["rank", "quantity", "place", "subject", "object", "key"],
        ascending=[True, False, True, True, True, True],
        kind="stable",
        ignore_index=True,
    )
    return ordered.drop(columns="place")


def _places() -> dict[str, int]:
    """Return the place of each rule where findings weigh the same: by family, general ones last."""
    rules = sorted(all_rules().values(), key=lambda rule: (rule.id[:3], rule.general, rule.id))
    return {rule.id: place for place, rule in enumerate(rules)}


def _findings(posture: Posture, rule: Rule) -> pd.DataFrame:
    return guarded(posture.faults, rule.id, lambda: rule.find(posture), nothing)


def failed(posture: Posture) -> Faults:
    """Return the rules that failed, by id; their findings are unknown."""
    find_all(posture)
    known = {rule.id for rule in all_rules().values()}
    return {rule: how for rule, how in posture.faults.items() if rule in known}


def count_all(posture: Posture) -> int | None:
    """Count the findings; None if a rule failed, because the number is then unknown."""
    return None if failed(posture) else len(find_all(posture))


def lacking(posture: Posture, rule: Rule) -> list[str]:
    """Return the kinds of fact that `rule` needs and no source declares."""
    return [kind for kind in rule.needs if kind not in known_kinds(posture.graph)]


def find_by(posture: Posture, rule: Rule) -> pd.DataFrame:
    """Run one rule; see `find_all` for the columns."""
    return _judged(posture, [(rule, rule.find(posture))])


def _judged(posture: Posture, parts: list[tuple[Rule, pd.DataFrame]]) -> pd.DataFrame:
    """Concatenate the findings of rules, with id and severity of each."""
    frames = [frame for _, frame in parts if len(frame)]
    findings = pd.concat(frames or [nothing()], ignore_index=True)
    counts = [len(frame) for _, frame in parts]
    weight = np.repeat(np.array([rule.weight for rule, _ in parts], float), counts)
    rules = np.repeat(np.array([rule.id for rule, _ in parts], object), counts)
    quantity = weight * findings["weighs"].to_numpy(float)
    rank = np.searchsorted(-LEAST, -quantity, side="left")
    floor = findings["floor"].map(RANK).fillna(len(BANDS)).to_numpy(int)
    unknown = _of_unknown_reach(posture, findings)
    rank = np.minimum(np.minimum(rank, floor), np.where(unknown, LEAST_UNKNOWN, len(BANDS)))
    sentences = findings["sentence"]
    if unknown.any():
        sentences = sentences.mask(unknown, sentences + UNKNOWN_REACH)
    return findings.assign(
        sentence=sentences,
        reach_known=~unknown,
        id=pd.array(_ids(posture, rules, findings), dtype="str"),
        rule=pd.array(rules, dtype="str"),
        severity=pd.array(NAMES[rank], dtype="str"),
        quantity=quantity,
        rank=rank,
    )


def _of_unknown_reach(posture: Posture, frame: pd.DataFrame) -> np.ndarray:
    """Return a mask of the findings on access of unknown extent.

    That is the access of the subject, or of the credential that is the object.
    """
    known = posture.entitlements_known | ~posture.graph.has_label(*IDENTITIES, CREDENTIAL)
    subject, other = (frame[c].to_numpy(np.int64) for c in ("subject", "object"))
    key = posture.graph.has_label(CREDENTIAL)
    return np.asarray(~known[subject] | ((other >= 0) & key[other] & ~known[other]))


@once
def _nodes(posture: Posture) -> list[str]:
    """Return the id of each node, followed by "" for position -1."""
    return [*posture.graph.ids.to_pylist(), ""]


def _ids(posture: Posture, rules: np.ndarray, frame: pd.DataFrame) -> list[str]:
    """Return the id of each finding, from its rule, subject, object and key, if any."""
    nodes = _nodes(posture)
    columns = (frame[c].tolist() for c in ("subject", "object", "key"))
    return [
        finding_id((rule, nodes[subject], nodes[other], key) if key else
                   (rule, nodes[subject], nodes[other]))
        for rule, subject, other, key in zip(rules, *columns, strict=True)
    ]  # fmt: skip


def finding_id(parts: tuple[str, ...]) -> str:
    """Return the id of a finding from its rule, subject, object and key, if any."""
    return derived_id("F", parts)
