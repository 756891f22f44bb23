"""Share of resources whose sensitivity a source states."""

from analytics.figures.measure import MORE, SHARE, Measure, Measured, ratio
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the share of the resources to protect whose class a source states."""
    stated = posture.sensitivities["stated"]
    resources = stated[stated != ""]
    return ratio(int((resources != "unknown").sum()), len(resources), "no resource is known")


MEASURE = Measure(
    name="classified_resources",
    order=123,
    title="Classified resources",
    numerator="resources whose class a source states",
    denominator="resources to protect",
    unit=SHARE,
    better=MORE,
    source="CSA AI Controls Matrix 1.0, DSP-04",
    rows="trustdebt exposure RESOURCE",
    measure=measure,
    target=1.0,
    references=("CSA AICM DSP-04",),
)
