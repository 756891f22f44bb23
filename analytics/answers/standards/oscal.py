"""Verdicts on controls as assessment results of OSCAL 1.1.3 (https://pages.nist.gov/OSCAL/).

Each control has a finding, `satisfied` or `not-satisfied`, or, where it is not known, an
observation of the method UNKNOWN that says why. Each rule and figure is an observation of the
method TEST, with the SHA-256 of the findings that it rests on. Nothing here is drawn by chance or
from the clock, so the same question gives the same document.

Titles and descriptions are Markdown, so names and ids from the data stand in properties only.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from analytics.answers.findings import findings
from analytics.answers.standards.control_verdicts import ByMeasure, ByRule, Verdict, verdicts
from analytics.answers.standards.product import PRODUCT, product_version
from analytics.answers.table import as_json
from analytics.figures.frameworks import Control, Framework
from analytics.findings.rule import plural, verb
from analytics.posture import Posture
from graph.values import canonical, iso

OSCAL = "1.1.3"
SPACE = "https://trustdebt.invalid/ns/oscal"  # of the properties that OSCAL does not define
OUR_OWN_CATALOGUE = {"nist_sp_800_53": re.compile(r"(?P<head>[A-Z]{2}-\d+)(?:\((?P<part>\d+)\))?")}
TITLE = "Access of agents and other non-human identities"
REMARKS = (
    "A rule that found nothing is evidence that it looked, and no certificate. What could not be "
    "seen is neither satisfied nor not satisfied: it has an observation of the method UNKNOWN."
)
NO_PLAN = (
    "There is no assessment plan of its own: what is tested are the rules and figures that each "
    "observation names, for every identity in service."
)


def assessment_results(
    posture: Posture, framework: str | None = None, about: int | None = None
) -> dict[str, Any]:
    """Return assessment results of all frameworks or some, of all identities or one (a number).

    Raises
    ------
    UnknownFramework
    """
    return {"assessment-results": _Document(posture, framework, about).made()}


def control_token(framework: Framework, control: Control) -> str:
    """Return the id of a control as a token of OSCAL, as the framework's own catalogue has it.

    A framework without one gets ids that begin with its name.

    >>> from analytics.figures.frameworks import all_frameworks
    >>> listed = all_frameworks()["nist_sp_800_53"]
    >>> control_token(listed, listed.by_id["AC-2(9)"])
    'ac-2.9'
    """
    pattern = OUR_OWN_CATALOGUE.get(framework.name)
    if pattern is not None and (match := pattern.fullmatch(control.id)) is not None:
        return match["head"].lower() + (f".{match['part']}" if match["part"] else "")
    return f"{framework.name}_{re.sub(r'[^A-Za-z0-9.]+', '-', control.id).strip('-')}"


@dataclass(frozen=True)
class _Document:
    posture: Posture
    framework: str | None
    about: int | None

    def made(self) -> dict[str, Any]:
        plan = self._id("plan")
        return {
            "uuid": self._id("document"),
            "metadata": {
                "title": TITLE,
                "last-modified": iso(self.posture.graph.as_of),
                "version": self._snapshot,
                "oscal-version": OSCAL,
                "props": [_prop("tool", PRODUCT), _prop("tool-version", product_version())],
                "remarks": REMARKS,
            },
            "import-ap": {"href": f"#{plan}"},
            "results": [self._result()],
            "back-matter": {
                "resources": [{"uuid": plan, "title": "What is tested", "description": NO_PLAN}]
            },
        }

    @cached_property
    def _base(self) -> UUID:
        """The namespace of the ids: the question, so that another one has others."""
        thing = self.posture.graph.thing(self.about)["id"] if self.about is not None else None
        question = [self._snapshot, iso(self.posture.graph.as_of), self.framework, thing]
        return uuid5(NAMESPACE_URL, f"{SPACE}/{canonical(question)}")

    def _id(self, *parts: str) -> str:
        return str(uuid5(self._base, canonical(parts)))

    @property
    def _snapshot(self) -> str:
        info = self.posture.graph.snapshot
        return info.id if info is not None else iso(self.posture.graph.as_of)

    @cached_property
    def _verdicts(self) -> list[Verdict]:
        return verdicts(self.posture, self.framework, self.about)

    @cached_property
    def _period(self) -> tuple[str, str]:
        """When the oldest and the newest source was read."""
        taken = [coverage.taken_at for coverage in self.posture.graph.coverage]
        taken = taken or [self.posture.graph.as_of]
        return iso(min(taken)), iso(max(taken))

    def _result(self) -> dict[str, Any]:
        start, end = self._period
        items = list(self._items())
        result = {
            "uuid": self._id("result"),
            "title": TITLE,
            "description": "What rules and figures show about the controls of each framework.",
            "start": start,
            "end": end,
            "local-definitions": {"inventory-items": items} if items else None,
            "reviewed-controls": {"control-selections": list(self._selections())},
            "observations": list(self._observations()),
            "findings": list(self._findings()),
        }
        return {name: value for name, value in result.items() if value}

    def _items(self) -> Iterator[dict[str, Any]]:
        """Yield the identities that a rule has found something about."""
        numbers = {int(n) for rule in self._rules.values() for n in rule.subjects}
        for number in sorted(numbers):
            thing = self.posture.graph.thing(number)
            yield {
                "uuid": self._id("identity", thing["id"]),
                "description": f"An identity of the kind {thing['label']}.",
                "props": [_prop("identity-id", thing["id"]), _prop("name", thing["name"])],
            }

    def _selections(self) -> Iterator[dict[str, Any]]:
        by_framework: dict[str, list[Verdict]] = {}
        for verdict in self._verdicts:
            by_framework.setdefault(verdict.framework.name, []).append(verdict)
        for rows in by_framework.values():
            listed = rows[0].framework
            about = f"{listed.title}, {listed.version}: controls that access touches."
            applies = f" It applies {listed.applies}." if listed.applies else ""
            yield {
                "description": f"{about}{applies}",
                "props": [_prop("framework", listed.name), _prop("source", listed.source)],
                "include-controls": [
                    {"control-id": control_token(listed, row.control)} for row in rows
                ],
            }

    @cached_property
    def _rules(self) -> dict[str, ByRule]:
        return {r.judged.rule.id: r for verdict in self._verdicts for r in verdict.rules}

    @cached_property
    def _measures(self) -> dict[str, ByMeasure]:
        return {m.measure.name: m for verdict in self._verdicts for m in verdict.measures}

    @cached_property
    def _digests(self) -> dict[str, str]:
        """The SHA-256 of the findings of each rule, as JSON."""
        by_rule: dict[str, list[Any]] = {}
        for row in as_json(findings(self.posture, about=self.about).findings):
            by_rule.setdefault(row["rule"], []).append(row)
        return {rule: _digest(rows) for rule, rows in by_rule.items()}

    def _observations(self) -> Iterator[dict[str, Any]]:
        for rule in self._rules.values():
            if rule.because is None:
                yield self._of_rule(rule)
        for measure in self._measures.values():
            if measure.because is None:
                yield self._of_measure(measure)
        for verdict in self._verdicts:
            if verdict.fulfilled is None:
                yield self._unknown(verdict)

    def _observation(
        self, kind: str, name: str, title: str, description: str, method: str
    ) -> dict[str, Any]:
        return {
            "uuid": self._id(kind, name),
            "title": title,
            "description": description,
            "methods": [method],
            "types": ["control-objective"],
            "collected": self._period[1],
        }

    def _of_rule(self, rule: ByRule) -> dict[str, Any]:
        declared, short = rule.judged.rule, len(rule.subjects)
        counts = (
            f"{rule.count} of {_identities(rule.of)} in service could be judged; "
            f"{_identities(short)} {verb(short, 'has', 'have')} a finding, "
            "those that ended and left something behind included."
        )
        observation = self._observation(
            "rule", declared.id, f"{declared.id} {declared.title}", counts, "TEST"
        )
        observation["props"] = [
            _prop("rule", declared.id),
            _prop("identities-with-a-finding", str(short)),
            _prop("identities-judged", str(rule.count)),
            _prop("identities", str(rule.of)),
        ]
        things = [self.posture.graph.thing(int(number)) for number in rule.subjects]
        if things:
            observation["subjects"] = [
                {"subject-uuid": self._id("identity", thing["id"]), "type": "inventory-item"}
                for thing in things
            ]
        about = " --about ID" if self.about is not None else ""
        asked = f"{PRODUCT} findings --rule {declared.id}{about} --limit 0 --json"
        observation["relevant-evidence"] = [
            {
                "description": f"The findings that `{asked}` lists, as canonical JSON.",
                "props": [_prop("sha-256", self._digests.get(declared.id, _digest([])))],
            }
        ]
        return observation

    def _of_measure(self, measure: ByMeasure) -> dict[str, Any]:
        declared, value = measure.measure, measure.value
        observation = self._observation(
            "figure",
            declared.name,
            declared.title,
            f"{declared.title}: {declared.numerator}, of {declared.denominator}.",
            "TEST",
        )
        figures = {
            "value": value.value,
            "numerator": value.numerator,
            "denominator": value.denominator,
            "target": measure.target,
            "lowest": value.range[0] if value.range else None,
            "highest": value.range[1] if value.range else None,
        }
        observation["props"] = [
            _prop("figure", declared.name),
            _prop("unit", declared.unit),
            *(_prop(name, canonical(each)) for name, each in figures.items() if each is not None),
        ]
        figures_text = canonical({"figure": declared.name, **figures})
        observation["relevant-evidence"] = [
            {
                "description": f"These figures, as canonical JSON; `{declared.rows}` lists them.",
                "props": [_prop("sha-256", hashlib.sha256(figures_text.encode()).hexdigest())],
            }
        ]
        return observation

    def _unknown(self, verdict: Verdict) -> dict[str, Any]:
        name = f"{verdict.framework.name}/{verdict.control.id}"
        observation = self._observation(
            "unknown",
            name,
            f"Not measured: {_title(verdict)}",
            f"It is not known whether it is satisfied, because {'; '.join(verdict.because)}.",
            "UNKNOWN",
        )
        token = control_token(verdict.framework, verdict.control)
        return observation | {"props": [_prop("control", token), *_published(verdict)]}

    def _findings(self) -> Iterator[dict[str, Any]]:
        for verdict in self._verdicts:
            if verdict.fulfilled is not None:
                yield self._finding(verdict)

    def _finding(self, verdict: Verdict) -> dict[str, Any]:
        rules = [rule for rule in verdict.rules if rule.because is None]
        measures = [measure for measure in verdict.measures if measure.because is None]
        related = [self._id("rule", rule.judged.rule.id) for rule in rules]
        related += [self._id("figure", measure.measure.name) for measure in measures]
        state = ("satisfied", "pass") if verdict.fulfilled else ("not-satisfied", "fail")
        short = [r.judged.rule.id for r in verdict.rules if r.passes is False]
        short += [m.measure.title for m in verdict.measures if m.passes is False]
        fine = "All that is evidence of it was judged, and nothing falls short."
        token = control_token(verdict.framework, verdict.control)
        return {
            "uuid": self._id("control", verdict.framework.name, verdict.control.id),
            "title": _title(verdict),
            "description": fine if verdict.fulfilled else f"It falls short by {', '.join(short)}.",
            "props": [*_published(verdict)],
            "target": {
                "type": "objective-id",
                "target-id": token,
                "status": {"state": state[0], "reason": state[1]},
            },
            "related-observations": [{"observation-uuid": uuid} for uuid in related],
        }


def _title(verdict: Verdict) -> str:
    return f"{verdict.framework.prefix} {verdict.control.id} {verdict.control.title}"


def _published(verdict: Verdict) -> list[dict[str, str]]:
    """Return the framework, and the id of a control as it is published."""
    return [
        _prop("framework", verdict.framework.name),
        _prop("published-id", verdict.control.id),
    ]


def _digest(rows: Sequence[Any]) -> str:
    return hashlib.sha256(canonical(rows).encode()).hexdigest()


def _identities(count: int) -> str:
    return plural(count, "identity", "identities")


def _prop(name: str, value: str) -> dict[str, str]:
    """Return a property; OSCAL takes no line breaks and no empty value."""
    return {"name": name, "ns": SPACE, "value": " ".join(value.split()) or "-"}
