"""Identities that have not acted for weeks and still hold a live credential."""

import numpy as np
import pandas as pd

from analytics.actions import Action
from analytics.findings.closing import Closing
from analytics.findings.feeds import Feeds
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, day, findings_of, plural
from analytics.gathered import gathered
from analytics.posture import Posture
from analytics.residue import judged
from analytics.usage.last_active import DORMANT_DAYS, last_active
from graph.element import Relationship
from graph.instants import DAY, NEVER
from graph.schema import AUTHENTICATES_AS, CREDENTIAL, USES


def find(posture: Posture) -> pd.DataFrame:
    """Find identities in service that did not act for 45 days and hold a live credential.

    The days of an identity never seen count from its creation, if its use would have been seen. If
    one of several may have acted lately, none of them is dormant.
    """
    active = last_active(posture)
    quiet = (active != NEVER) & (posture.graph.now - active > DORMANT_DAYS * DAY)
    keys = _live_keys(posture)
    with_key = np.zeros(len(quiet), bool)
    with_key[keys.index] = True
    subject = judged(posture, quiet & with_key & posture.in_service)
    names = posture.graph.things["name"].iloc[subject]
    counts = [len(keys[n]) for n in subject]
    seen = posture.activity.last_active[subject] != NEVER
    sentences = [
        f"{name} {'has not acted since' if acted else 'was not seen to act since it was made on'} "
        f"{day(at)}, and {plural(count, 'credential')} of it "
        f"still {'opens' if count == 1 else 'open'} what it may use."
        for name, acted, at, count in zip(names, seen, active[subject], counts, strict=True)
    ]
    remedy = [
        f"Disable {name}, wait {DORMANT_DAYS} days for anybody to miss it, then delete it with "
        f"its {plural(count, 'credential')}."
        for name, count in zip(names, counts, strict=True)
    ]
    since = active[subject] + DORMANT_DAYS * DAY
    evidence = [tuple(keys[n]) for n in subject]
    return findings_of(posture, subject, sentences, since=since, evidence=evidence, remedy=remedy)


def _live_keys(posture: Posture) -> pd.Series:
    """Return the ids of the relationships of each holder to its live credentials."""
    parts = [_ties(posture, USES, 0), _ties(posture, AUTHENTICATES_AS, 1)]
    ties = pd.concat(parts, ignore_index=True).sort_values(["holder", "fact"])
    return gathered(ties.drop_duplicates(["holder", "key"]), ["holder"], "fact")


def _ties(posture: Posture, relationship: Relationship, end: int) -> pd.DataFrame:
    graph = posture.graph
    ends = graph.ends(relationship)
    holder, key = ends[end], ends[1 - end]
    live = graph.in_force(relationship) & graph.has_label(CREDENTIAL)[key] & graph.live[key]
    facts = graph.frames[relationship]["id"].to_numpy(object)
    return pd.DataFrame({"holder": holder[live], "key": key[live], "fact": facts[live]})


RULE = Rule(
    id="TIM-03",
    name="dormant_identity",
    title="Dormant but credentialed",
    family="Time",
    weight=0.75,
    needs=("credentials",),
    facts=("USES|AUTHENTICATES_AS",),
    feeds=Feeds(("necessity",)),
    remedy="Disable it, wait for anybody to miss it, then delete it with its credentials.",
    references=(
        "OWASP NHI1:2025 Improper Offboarding",
        "NIST CSF 2.0 PR.AA-01",
        "NIST SP 800-53 AC-2(3)",
        "CIS Controls 5.3",
        "MITRE ATLAS AML.T0012",
    ),
    find=find,
    closing=Closing(action=Action.DISABLE_IDENTITY),
    kind=FindingKind.ACCESS,
)
