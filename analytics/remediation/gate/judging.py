"""Judging of a planned agent: its prediction, and the outcome of every check."""

from dataclasses import dataclass

from analytics.posture import Posture
from analytics.remediation.gate.check import Case, Outcome, Verdict, judged, worst
from analytics.remediation.gate.checks import all_checks
from analytics.remediation.gate.names import Names
from analytics.remediation.gate.overlay import overlay
from analytics.remediation.gate.policy import Policy
from analytics.remediation.gate.predicted import Predicted, predict
from graph.rows.planned import Planned


@dataclass(frozen=True)
class Judgement:
    """The outcomes of all checks of a planned agent, in their order, and its prediction."""

    planned: Planned
    outcomes: tuple[Outcome, ...]
    predicted: Predicted

    @property
    def verdict(self) -> Verdict:
        """The worst verdict: what is known to be wrong blocks, whatever else is unknown."""
        return worst(outcome.verdict for outcome in self.outcomes)


def judge(posture: Posture, planned: Planned, by: Policy) -> Judgement:
    """Judge a planned agent on the estate of a posture, by a policy."""
    names = Names(posture)
    predicted = predict(planned, names, overlay(planned, names))
    case = Case(planned, names, by, predicted)
    outcomes = tuple(judged(check, case) for check in all_checks().values())
    return Judgement(planned, outcomes, predicted)
