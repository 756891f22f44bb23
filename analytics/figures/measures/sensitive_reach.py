"""Identities that reach sensitive data now."""

import numpy as np

from analytics.figures.measure import NEITHER, SHARE, Measure, Measured, population, ratio
from analytics.posture import Posture
from analytics.reach.kernels import traversal
from analytics.weights import SENSITIVITY
from graph.schema import LEVELS

READ = LEVELS.index("read")


def measure(posture: Posture) -> Measured:
    """Return the share of identities that can read, or do more to, sensitive resources."""
    who = population(posture)
    able = reaching(posture)[who.identities]
    return ratio(
        int(able.sum()),
        int(who.reach_known.sum()),
        who.unreached or "no accountable identity is in service",
        unknown=int((~who.reach_known).sum()),
    )


def reaching(posture: Posture) -> np.ndarray:
    """Return which nodes reach something confidential or more, to read it or more (bool)."""
    network = posture.network()
    usual = posture.sensitivities["weight"].to_numpy()[network.resource]
    more = network.levels >> READ
    holding = np.flatnonzero((usual >= SENSITIVITY["confidential"]) & (more > 0))
    least = READ + np.select([more[holding] >> bit & 1 == 1 for bit in range(3)], [0, 1, 2])
    indptr, source, ceiling = network.turned
    holders = network.holders[holding]
    hops = traversal.backward(indptr, source, ceiling, holders, least.astype(np.int8))
    return np.asarray(hops >= 0)


MEASURE = Measure(
    name="sensitive_reach",
    order=120,
    title="Identities with access to sensitive data now",
    numerator="identities that can read, or more, what is confidential or restricted",
    denominator="accountable identities in service of which it is known what they reach",
    unit=SHARE,
    better=NEITHER,
    source="Blast radius over every edge, at levels from read up",
    rows="trustdebt exposure RESOURCE",
    measure=measure,
    references=(
        "NIST CSF 2.0 ID.AM-05",
        "NIST CSF 2.0 DE.AE-04",
        "NIST AI RMF MEASURE 2.7",
        "MITRE ATT&CK T1530",
    ),
)
