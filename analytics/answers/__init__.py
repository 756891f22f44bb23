"""Answers to questions, as plain data: one module for each question.

An answer is a dictionary as the command line prints it: things are `{id, label, name}`, instants
ISO 8601 text in UTC, absent facts None. `left_out` counts the rows beyond a limit.
"""

from analytics.answers.choke_points import choke_points
from analytics.answers.collisions import collisions
from analytics.answers.coverage import coverage
from analytics.answers.cut import cut
from analytics.answers.debt import debt
from analytics.answers.diff import diff
from analytics.answers.drift import drift
from analytics.answers.durability import durability
from analytics.answers.evidence import evidence
from analytics.answers.exposure import exposure
from analytics.answers.exposures import exposures
from analytics.answers.findings import finding, findings
from analytics.answers.frameworks import frameworks
from analytics.answers.hubs import hubs
from analytics.answers.identities import identities
from analytics.answers.kpis import kpis
from analytics.answers.ledger import ledger
from analytics.answers.orphans import orphans
from analytics.answers.path import path
from analytics.answers.plan import plan
from analytics.answers.reach import blast_radius, reach_tree
from analytics.answers.revocation import revocation
from analytics.answers.show import show
from analytics.answers.stale import stale
from analytics.answers.what_if import posture_without, what_if

__all__ = [
    "blast_radius",
    "choke_points",
    "collisions",
    "coverage",
    "cut",
    "debt",
    "diff",
    "drift",
    "durability",
    "evidence",
    "exposure",
    "exposures",
    "finding",
    "findings",
    "frameworks",
    "hubs",
    "identities",
    "kpis",
    "ledger",
    "orphans",
    "path",
    "plan",
    "posture_without",
    "reach_tree",
    "revocation",
    "show",
    "stale",
    "what_if",
]
