"""Policy sets: what every engine reads and answers, in whichever language the policies are."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from graph.files.regular import InputRefused

ALLOW, DENY, ESCALATE, UNKNOWN, REFUSED = range(5)
OUTCOMES = ("allow", "deny", "escalate", "unknown", "not_evaluated")


class PolicyRefused(InputRefused):
    """A policy set that cannot be used: nothing is evaluated by a part of it."""

    exit_code, code = 2, "policy-refused"


@dataclass(frozen=True)
class Policy:
    """One policy: the id that its author gave it, else its position; its file, and its effect.

    `escalates`: what it decides is for a person to approve. `template`: it has open slots, and
    decides nothing.
    """

    id: str
    file: str
    effect: str
    escalates: bool
    template: bool


@dataclass(frozen=True)
class Verdict:
    """What a policy set says of one request.

    Attributes
    ----------
    decision : str or None
        `allow` or `deny`, as the engine decides, which leaves out policies with an error. None:
        the engine could not evaluate the request.
    outcome : int
        A position in `OUTCOMES`. `escalate`: it would be allowed once somebody approves.
        `unknown`: it is allowed only because a policy that forbids could not be evaluated.
    reasons : tuple of int
        The positions of the deciding policies; none where nothing permits.
    errors : tuple of (int, str)
        The policies that could not be evaluated, and why.
    refused : str or None
        Why the request could not be evaluated.
    """

    decision: str | None
    outcome: int
    reasons: tuple[int, ...] = ()
    errors: tuple[tuple[int, str], ...] = ()
    refused: str | None = None


@dataclass(frozen=True)
class Mentions:
    """What a policy set can tell apart: two requests that differ in nothing of it are one.

    Attributes
    ----------
    attributes, tested : frozenset of str
        The attributes of entities that a policy reads, or of which it only tests the presence.
    every_attribute : bool
        Whether they may read any attribute.
    scopes : frozenset of str
        The attributes of principals of which a policy asks whether the resource is in them, and
        nothing else: `a`, or `a.b` within a record.
    literals : frozenset of (str, str)
        The entities that policies name, by type and id.
    principal_itself, resource_itself : bool
        Whether a policy can tell apart two principals, or two resources, of which all of the above
        is equal.
    valued, presence : frozenset of str
        The names in the context of which a policy reads the value, or only whether it is there.
    now_against : frozenset of (int or str)
        What the instant `now` is compared with: numbers, and names in the context.
    now_exact : bool
        Whether `now` is read in any other way.
    everything : bool
        Whether it cannot be told, so that all counts.
    """

    attributes: frozenset[str] = frozenset()
    tested: frozenset[str] = frozenset()
    every_attribute: bool = False
    scopes: frozenset[str] = frozenset()
    literals: frozenset[tuple[str, str]] = frozenset()
    principal_itself: bool = False
    resource_itself: bool = False
    valued: frozenset[str] = frozenset()
    presence: frozenset[str] = frozenset()
    now_against: frozenset[int | str] = frozenset()
    now_exact: bool = False
    everything: bool = False

    def reads(self, attribute: str) -> bool:
        """Return whether a policy may read an attribute of an entity, or test for it."""
        scopes = {scope.partition(".")[0] for scope in self.scopes}
        every = self.everything or self.every_attribute
        return every or attribute in self.attributes | self.tested | scopes

    def context(self, name: str) -> bool:
        """Return whether a policy may read or test a name in the context."""
        return self.everything or name in self.valued or name in self.presence


Uid = Mapping[str, str]  # `type` and `id`


@dataclass(frozen=True)
class Question:
    """A request to evaluate; `context` is plain data."""

    principal: Uid
    action: Uid
    resource: Uid
    context: Mapping[str, Any]


class PolicySet(Protocol):
    """A parsed policy set."""

    @property
    def engine(self) -> str:
        """The name of the engine."""

    @property
    def version(self) -> str:
        """A hash of the text of all policies."""

    @property
    def policies(self) -> tuple[Policy, ...]:
        """The policies; a verdict names them by their positions."""

    @property
    def mentions(self) -> Mentions:
        """What the policies can tell apart."""

    def judge(
        self,
        questions: Iterable[Question],
        entities: Sequence[Mapping[str, Any]],
        schema: str | None = None,
    ) -> Iterator[Verdict]:
        """Yield what the set says of each question, given the entities (`uid, attrs, parents`)."""
