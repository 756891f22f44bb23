"""Rego (https://www.openpolicyagent.org/docs/policy-language), evaluated by `regopy`.

Of each package the rules `allow`, `deny` and `escalate` decide: one that is true, or a set that is
not empty, holds. A request is denied by any `deny`, waits for a person by any `escalate`, is
allowed by any `allow`, and is denied otherwise. The input has `principal`, `action` and `resource`
(ids) and the names of the context; `data.trustdebt` has `principals` and `resources`, by id.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analytics.engines.policy_set import (
    ALLOW,
    DENY,
    ESCALATE,
    REFUSED,
    Mentions,
    Policy,
    PolicyRefused,
    Question,
    Verdict,
)
from graph.secrets import redact_text

if TYPE_CHECKING:
    from regopy import Interpreter

SUFFIX = ".rego"
DECIDING = {"allow": "permit", "deny": "forbid", "escalate": "forbid"}
ENDS = ("principal", "action", "resource")
# What is not code, and what a policy must not ask: another machine, this one, its clock, or chance.
# The engine leaves a call that it does not have undefined, so a rule with it would never hold.
NOT_CODE = re.compile(r'"(?>(?:[^"\\\n]|\\.)*)"|`[^`]*+`|#[^\n]*+')
OUTSIDE = re.compile(r"\b(?:http\.send|net\.\w+|opa\.runtime|rand\.\w+|time\.now_ns|uuid\.\w+)")
PACKAGE = re.compile(r"^[ \t]*package[ \t]+([\w.]+)", re.MULTILINE)
RULE = re.compile(rf"\s*(?:default\s+)?({'|'.join(DECIDING)})\b")
INPUT = re.compile(r"\binput\b(?:\.(\w+))?")
PLACE = re.compile(r"\|(\d+)\|\d+\s*\(errormsg \d+:([^)]*)")  # file|byte|length, message
MISSING = "Rego needs the package regopy: install trustdebt with the extra rego"


@dataclass(frozen=True)
class RegoSet:
    """A set of Rego modules: their texts by file, and the rules of their packages that decide."""

    policies: tuple[Policy, ...]
    version: str
    mentions: Mentions
    files: Mapping[str, str]
    engine: str = "rego"

    def judge(
        self,
        questions: Iterable[Question],
        entities: Sequence[Mapping[str, Any]],
        schema: str | None = None,
    ) -> Iterator[Verdict]:
        """Yield what the set says of each question."""
        if schema is not None:
            raise PolicyRefused(next(iter(self.files)), "", "Rego takes no schema of Cedar")
        interpreter = _interpreter(self.files)
        facts = {"trustdebt": _data(entities, next(iter(self.files)))}
        interpreter.add_data_json(json.dumps(facts, ensure_ascii=False))
        bundle = interpreter.build(self._query, [])
        for question in questions:
            interpreter.set_input(_input(question))
            yield self._verdict(interpreter, bundle)

    @property
    def _query(self) -> str:
        """Ask all rules that decide, each for its values: none where it is undefined."""
        rules = enumerate(policy.id for policy in self.policies)
        return "; ".join(f"r{at} = [value | value := data.{rule}]" for at, rule in rules)

    def _verdict(self, interpreter: "Interpreter", bundle: Any) -> Verdict:
        try:
            output = str(interpreter.query_bundle(bundle))
            values = json.loads(output)["bindings"]
        except (ValueError, LookupError, TypeError, RuntimeError) as error:
            why = redact_text(" ".join(str(error).split()))
            return Verdict(None, REFUSED, refused=f"the engine has an error: {why}")
        holding = [at for at in range(len(self.policies)) if any(values[f"r{at}"])]
        by_rule = {rule: tuple(at for at in holding if self._rule(at) == rule) for rule in DECIDING}
        if by_rule["deny"] or not by_rule["allow"]:
            return Verdict("deny", DENY, by_rule["deny"])
        if by_rule["escalate"]:
            return Verdict("deny", ESCALATE, by_rule["escalate"])
        return Verdict("allow", ALLOW, by_rule["allow"])

    def _rule(self, position: int) -> str:
        return self.policies[position].id.rpartition(".")[2]


def parsed(files: Mapping[str, str]) -> RegoSet:
    """Parse the texts of files, by their names.

    Raises
    ------
    PolicyRefused
        One does not parse, none has a rule that decides, or the engine is not installed.
    """
    policies: dict[str, Policy] = {}
    for file, text in files.items():
        code = NOT_CODE.sub('""', text)
        outside = OUTSIDE.search(code)
        if outside:
            raise PolicyRefused(file, "", f"calls {outside[0]}, which is not evaluated")
        package = PACKAGE.search(code)
        for rule in dict.fromkeys(_rules(code)) if package else ():
            named = f"{package[1]}.{rule}" if package else rule
            policy = Policy(named, file, DECIDING[rule], rule == "escalate", False)
            policies.setdefault(named, policy)
    _interpreter(files)
    if not policies:
        rules = ", ".join(DECIDING)
        raise PolicyRefused(next(iter(files)), "", f"has no rule named {rules}")
    text = "\n".join(files.values())
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    made = RegoSet(tuple(policies.values()), digest, _mentions(files.values()), dict(files))
    _try(made)
    return made


def _rules(code: str) -> Iterator[str]:
    """Yield the names of rules that decide: they begin a line outside of all brackets."""
    depth = 0
    for line in code.split("\n"):
        match = RULE.match(line) if depth == 0 else None
        if match is not None:
            yield match[1]
        depth += sum(map(line.count, "([{")) - sum(map(line.count, ")]}"))


def _try(policies: RegoSet) -> None:
    """Refuse a set that the engine cannot evaluate at all, such as for a function it lacks."""
    thing = {"type": "", "id": ""}
    (verdict,) = policies.judge([Question(thing, thing, thing, {})], [])
    if verdict.outcome == REFUSED:
        reason = f"cannot be evaluated, as where a function is not known: {verdict.refused}"
        raise PolicyRefused(next(iter(policies.files)), "", reason)


def _interpreter(files: Mapping[str, str]) -> "Interpreter":
    try:
        from regopy import Interpreter, LogLevel
        from regopy.rego_shared import RegoError
    except ImportError:
        raise PolicyRefused(next(iter(files)), "", MISSING) from None
    interpreter = Interpreter()
    interpreter.log_level = LogLevel.NONE  # else it writes to the terminal itself
    for file, text in files.items():
        try:
            interpreter.add_module(file, NOT_CODE.sub(_as_escaped_here, text))
        except RegoError as error:
            raise _refused(file, NOT_CODE.sub(_as_escaped_here, text), str(error)) from None
    return interpreter


def _refused(file: str, text: str, message: str) -> PolicyRefused:
    match = PLACE.search(message)
    if match is None:
        return PolicyRefused(file, "", f"does not parse: {' '.join(message.split())[:200]}")
    line = text.encode()[: int(match[1])].count(b"\n") + 1
    return PolicyRefused(file, f"line {line}", f"does not parse: {match[2]}")


def _mentions(texts: Iterable[str]) -> Mentions:
    """Return what modules can tell apart: every node, and the names of the input they mention."""
    names = {name for text in texts for name in INPUT.findall(NOT_CODE.sub('""', text))}
    return Mentions(
        principal_itself=True,
        resource_itself=True,
        every_attribute=True,
        valued=frozenset(names - {*ENDS, ""}),
        now_exact="now" in names,
        everything="" in names,
    )


def _as_escaped_here(literal: re.Match[str]) -> str:
    """Return a literal with the escapes of `_escaped`; a raw one, and a comment, as it is."""
    text = literal[0]
    if not text.startswith('"'):
        return text
    try:
        return json.dumps(json.loads(text, strict=False), ensure_ascii=False)
    except ValueError:
        return text  # the engine says why


def _input(question: Question) -> dict[str, Any]:
    ends = {name: getattr(question, name)["id"] for name in ENDS}
    return {name: _escaped(value) for name, value in {**question.context, **ends}.items()}


def _escaped(value: Any) -> Any:
    """Return a value of the input as the engine keeps those of data and modules.

    It keeps the texts of these with their escapes, and compares them so. A name with a quotation
    mark would be another text in the input, and a denial that names it would not hold.
    """
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)[1:-1]
    if isinstance(value, Mapping):
        return {_escaped(name): _escaped(part) for name, part in value.items()}
    return [_escaped(part) for part in value] if isinstance(value, list) else value


def _data(entities: Sequence[Mapping[str, Any]], file: str) -> dict[str, Any]:
    """Return entities as documents by id, which may be principals and resources.

    Two of one id are refused: a request about the second would replace the facts of the first.
    """
    things: dict[str, dict[str, Any]] = {}
    for entity in entities:
        kind, id_ = entity["uid"]["type"], entity["uid"]["id"]
        other = things.get(id_, {}).get("label", kind)
        if other != kind:
            kinds = redact_text(f"{other} and {kind}")
            raise PolicyRefused(file, "", f"knows things by id alone, and {kinds} share one")
        things[id_] = {
            **_plain(entity.get("attrs", {})),
            "label": kind,
            "parents": [parent["id"] for parent in entity.get("parents", ())],
        }
    return {"principals": things, "resources": things}


def _number(extension: Mapping[str, Any]) -> Any:
    """Return a decimal as a number, and the text of any other extension."""
    stated = extension.get("arg")
    try:
        return float(str(stated)) if extension.get("fn") == "decimal" else stated
    except ValueError:
        return stated


def _plain(value: Any) -> Any:
    """Return a value of Cedar's form as plain data: references to entities are their ids."""
    if isinstance(value, Mapping):
        if isinstance(value.get("__entity"), Mapping):
            return value["__entity"].get("id")
        if isinstance(value.get("__extn"), Mapping):
            return _number(value["__extn"])
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value
