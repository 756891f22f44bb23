"""Cedar (https://docs.cedarpolicy.com), evaluated by its own engine through `cedarpy`.

The annotation `@id("NAME")` names a policy. `@decision("escalate")` says that a person decides:
a permit with it allows only once somebody approves, a forbid with it forbids until then.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any

import cedarpy

from analytics.engines.cedar_mentions import mentions_of
from analytics.engines.cedar_slices import Slices
from analytics.engines.cedar_values import cedar_value
from analytics.engines.policy_set import (
    ALLOW,
    DENY,
    ESCALATE,
    REFUSED,
    UNKNOWN,
    Mentions,
    Policy,
    PolicyRefused,
    Question,
    Verdict,
)
from graph.secrets import redact_text

SUFFIX = ".cedar"
TOGETHER = 10_000  # requests in one call of the engine
PERMIT, FORBID = "permit", "forbid"
POSITION = re.compile(r"policy(\d+)")
# A semicolon in a text ends nothing.
PART = re.compile(r'"(?>(?:[^"\\]|\\.)*)"|//[^\n]*|;', re.DOTALL)
BLANK = re.compile(r"(?>(?:\s|//[^\n]*)*)")
IN_ERROR = re.compile(r"`policy(\d+)`")


@dataclass(frozen=True)
class CedarSet:
    """A set of Cedar policies; those without slots in Cedar's JSON form and as text, by position.

    Of each request only the policies are evaluated whose scope it can meet: see `slices`.
    """

    policies: tuple[Policy, ...]
    version: str
    forms: Mapping[int, Mapping[str, Any]]
    texts: Mapping[int, str]
    engine: str = "cedar"

    @cached_property
    def mentions(self) -> Mentions:
        """What the policies can tell apart."""
        return mentions_of(self.forms.values())

    @cached_property
    def slices(self) -> Slices:
        """The policies by the one entity that their scope names."""
        return Slices(self.forms, self.texts)

    def judge(
        self,
        questions: Iterable[Question],
        entities: Sequence[Mapping[str, Any]],
        schema: str | None = None,
    ) -> Iterator[Verdict]:
        """Yield what the set says of each question, many of them in one call of the engine."""
        known, waiting = _entities(entities, schema), iter(questions)
        while asked := list(islice(waiting, TOGETHER)):
            verdicts: dict[int, Verdict] = {}
            for positions, places in self.slices.of(asked):
                part = [asked[place] for place in places]
                made = self._judged(positions, part, known, schema)
                verdicts.update(zip(places, made, strict=True))
            yield from (verdicts[place] for place in range(len(asked)))

    def _judged(
        self,
        positions: tuple[int, ...],
        questions: Sequence[Question],
        known: Any,
        schema: str | None,
    ) -> list[Verdict]:
        """Return the verdicts by some policies, without those lifted that a person may lift."""
        verdicts = self._ask(positions, questions, known, schema)
        lifted = [at for at, verdict in enumerate(verdicts) if self._may_escalate(verdict)]
        if not lifted:
            return verdicts
        kept = tuple(
            at
            for at in positions
            if not (self.policies[at].escalates and self.policies[at].effect == FORBID)
        )
        approved = self._ask(kept, [questions[at] for at in lifted], known, schema)
        for at, verdict in zip(lifted, approved, strict=True):
            if verdict.outcome != DENY:
                outcome = UNKNOWN if verdict.outcome == UNKNOWN else ESCALATE
                verdicts[at] = replace(verdicts[at], outcome=outcome)
        return verdicts

    def _may_escalate(self, verdict: Verdict) -> bool:
        """Return whether only forbids that a person may lift stand against a request."""
        return (
            verdict.outcome == DENY
            and bool(verdict.reasons)
            and all(self.policies[at].escalates for at in verdict.reasons)
        )

    def _ask(
        self,
        positions: tuple[int, ...],
        questions: Sequence[Question],
        entities: Any,
        schema: str | None,
    ) -> list[Verdict]:
        requests = [_request(question) for question in questions]
        policies = self.slices.parsed(positions)
        answers = cedarpy.is_authorized_batch(requests, policies, entities, schema)
        return [self._verdict(answer, positions) for answer in answers]

    def _verdict(self, answer: cedarpy.AuthzResult, positions: tuple[int, ...]) -> Verdict:
        """Return an answer with the positions of its policies; the engine counts those it got."""
        diagnostics = answer.diagnostics
        if answer.decision is cedarpy.Decision.NoDecision:
            why = "; ".join(diagnostics.errors) or "the engine gives no decision"
            return Verdict(None, REFUSED, refused=redact_text(why))
        reasons = tuple(sorted(positions[_position(name)] for name in diagnostics.reasons))
        errors = tuple(sorted(_error(text, positions) for text in diagnostics.errors))
        if answer.decision is cedarpy.Decision.Deny:
            return Verdict("deny", DENY, reasons, errors)
        outcome = ALLOW
        if all(self.policies[at].escalates for at in reasons):
            outcome = ESCALATE
        if any(at < 0 or self.policies[at].effect == FORBID for at, _ in errors):
            outcome = UNKNOWN
        return Verdict("allow", outcome, reasons, errors)


def parsed(files: Mapping[str, str]) -> CedarSet:
    """Parse the texts of files, by their names.

    Raises
    ------
    PolicyRefused
        One does not parse; with its file and place.
    """
    policies: list[Policy] = []
    forms: dict[int, Mapping[str, Any]] = {}
    texts: dict[int, str] = {}
    for file, text in files.items():
        for (at, form, template), own in zip(_forms(file, text), _pieces(text), strict=False):
            named = f"policy{at}" if len(files) == 1 else f"{file}:policy{at}"
            if not template:
                forms[len(policies)], texts[len(policies)] = form, own
            policies.append(_policy(form, named, file, template))
    text = "\n".join(files.values())
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return CedarSet(tuple(policies), digest, forms, texts)


def _forms(file: str, text: str) -> Iterator[tuple[int, Mapping[str, Any], bool]]:
    """Yield the position, the JSON form and whether it is a template of each policy of a file."""
    try:
        document = json.loads(cedarpy.policies_to_json_str(text))
    except ValueError as error:
        raise _refused(file, text, str(error)) from None
    except RecursionError:
        raise PolicyRefused(file, "", "holds a condition that is nested too deeply") from None
    named = [
        (_position(name), form, template)
        for part, template in (("staticPolicies", False), ("templates", True))
        for name, form in document.get(part, {}).items()
    ]
    yield from sorted(named, key=lambda each: each[0])


def _policy(form: Mapping[str, Any], named: str, file: str, template: bool) -> Policy:
    notes = form.get("annotations") or {}
    return Policy(
        id=notes.get("id") or named,
        file=file,
        effect=form["effect"],
        escalates=notes.get("decision") == "escalate",
        template=template,
    )


def _refused(file: str, text: str, message: str) -> PolicyRefused:
    """Return the refusal of a file, with the line on which its first wrong policy begins."""
    begin = 0
    for piece in _pieces(text):
        try:
            cedarpy.policies_to_json_str(piece)
        except ValueError as error:
            message = str(error)
            break
        begin += len(piece)
    blank = BLANK.match(text, begin)
    line = text.count("\n", 0, blank.end() if blank else begin) + 1
    return PolicyRefused(file, f"line {line}", f"does not parse: {' '.join(message.split())}")


def _pieces(text: str) -> Iterator[str]:
    """Yield the text of each policy, and last what follows them: a semicolon ends a policy."""
    begin = 0
    for end in (match.end() for match in PART.finditer(text) if match[0] == ";"):
        yield text[begin:end]
        begin = end
    yield text[begin:]


def _entities(entities: Sequence[Mapping[str, Any]], schema: str | None) -> Any:
    """Return the entities as the engine holds them, or as text, of which it says what is wrong."""
    text = json.dumps(list(entities))
    try:
        return cedarpy.Entities.from_json_str(text, schema)
    except ValueError:
        return text


def _request(question: Question) -> dict[str, Any]:
    return {
        "principal": question.principal,
        "action": question.action,
        "resource": question.resource,
        "context": json.dumps(cedar_value(question.context)),
    }


def _position(name: str) -> int:
    match = POSITION.fullmatch(name)
    return int(match[1]) if match else -1


def _error(text: str, positions: tuple[int, ...]) -> tuple[int, str]:
    """Return the position of the policy that failed, and why, by that position."""
    match = IN_ERROR.search(text)
    if match is None:
        return -1, redact_text(text)
    at = positions[int(match[1])]
    named = f"{text[: match.start()]}`policy{at}`{text[match.end() :]}"
    return at, redact_text(named)
