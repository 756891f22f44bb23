"""The meaning of tags, labels and annotations: one map, with defaults, for all sources.

A tag is a claim by anyone who may write it. A tag that names an owner explicitly is *declared*;
one that only mentions a team is *inferred*, which makes nobody an owner. An unknown value is left
out with a warning, grouped by key: it is never given another meaning.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from graph.element import Node
from graph.schema import HUMAN, OWNS, SENSITIVITIES, TEAM
from graph.values import WrongValue, canonical, instant, iso
from ingest.secrets.redaction import redact_text
from ingest.tags.owner_roles import BUSINESS, SPONSOR, TECHNICAL, plain

ENV, PURPOSE, SENSITIVITY = "env", "purpose", "sensitivity"
EXPIRES_AT, THIRD_PARTY, PRODUCTION, MARKS, GROUPED = (
    "expires_at",
    "third_party",
    "production",
    "tags",
    "team",
)
ROLES = (BUSINESS, TECHNICAL, SPONSOR)
KEYS: Mapping[str, tuple[str, ...]] = {  # of each fact, as `plain` returns them, best first
    ENV: ("environment", "env", "environment name", "stage"),
    PRODUCTION: ("is production",),
    BUSINESS: (
        "owner",
        "business owner",
        "product owner",
        "service owner",
        "application owner",
        "app owner",
        "data owner",
        "owner email",
        "owned by",
    ),
    TECHNICAL: (
        "technical owner",
        "tech owner",
        "system owner",
        "it owner",
        "technical contact",
        "maintainer",
        "infrastructure support",
        "owning team",
    ),
    SPONSOR: ("sponsor", "executive sponsor"),
    GROUPED: ("team", "team name", "squad"),
    PURPOSE: ("purpose", "business purpose", "use case"),
    SENSITIVITY: (
        "data classification",
        "data sensitivity",
        "data class",
        "classification",
        "sensitivity",
        "confidentiality",
    ),
    EXPIRES_AT: (
        "expires",
        "expires at",
        "expires on",
        "expiry",
        "expiry date",
        "expiration",
        "expiration date",
        "delete after",
    ),
    THIRD_PARTY: ("third party", "external vendor"),
    MARKS: ("break glass", "breakglass", "seasonal", "ci cd", "canary"),
}
WORDS: Mapping[str, Mapping[str, str]] = {
    ENV: {
        **dict.fromkeys(("prod", "production", "prd", "live"), "prod"),
        **dict.fromkeys(("preprod", "pre prod", "pre production", "preproduction"), "preprod"),
        **dict.fromkeys(("staging", "stage", "stg"), "staging"),
        **dict.fromkeys(("test", "testing", "tst", "qa", "uat"), "test"),
        **dict.fromkeys(("dev", "development", "develop"), "dev"),
        **dict.fromkeys(("sandbox", "sbx", "playground"), "sandbox"),
    },
    SENSITIVITY: {
        **{level: level for level in SENSITIVITIES},
        "internal only": "internal",
        "internal use only": "internal",
        **dict.fromkeys(("highly confidential", "strictly confidential"), "restricted"),
    },
    THIRD_PARTY: dict.fromkeys(("true", "yes", "1"), "true")
    | dict.fromkeys(("false", "no", "0"), "false"),
}
NOBODY = {"", "n a", "na", "none", "nobody", "null", "tbd", "tbc", "todo", "unknown", "unassigned"}
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
MAIL = r"[^@\s/:;,<>()]+@[^@\s/:;,<>()]+\.[A-Za-z]{2,}"
ADDRESSED = re.compile(rf"(?P<name>[^@<>]*?)(?P<sign>[:<(])\s*(?P<mail>{MAIL})\s*[>)]?")
ALONE = re.compile(MAIL)
NAME = re.compile(r"(?=.{1,100}$)\w[\w &'.,()/+-]*")
KNOWN = re.compile(r"arn:aws[\w-]*:iam::\d*:(?:user|role)/\S+|entra:\S+|github:\S+")
OF_TEAM = re.compile(
    r"(?:^|[^a-z])(?:teams?|groups?|squads?|services?|support|ops|operations|platforms?|admins?"
    r"|helpdesk|no-?reply)(?:[^a-z]|$)"
)
LONGEST, SHOWN = 256, 3


@dataclass(frozen=True)
class TagMap:
    """The tag keys of each fact, and the words of a company for our values.

    If `complete`, everything must have owner tags: a node without one has no owner.
    """

    keys: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict(KEYS))
    words: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: dict(WORDS))
    complete: bool = False

    def find(self, tags: Mapping[str, str], fact: str) -> tuple[str, str] | None:
        """Return key and value of the preferred tag for a fact; None if there is none."""
        named = [(self.keys[fact].index(p), k) for k in tags if (p := bare(k)) in self.keys[fact]]
        return (key, tags[key]) if (key := min(named, default=(0, ""))[1]) else None


def bare(key: str) -> str:
    """Return a key without its prefix, in lower case, with its words separated.

    >>> bare("example.com/technical-owner"), bare("DataClassification"), bare("aws:owner")
    ('technical owner', 'data classification', 'owner')
    """
    return plain(CAMEL.sub(" ", re.split(r"[/:]", key)[-1]))


@dataclass(frozen=True, slots=True)
class Owner:
    """An owner named by a tag: id, facts about it, role, and confidence.

    `label` is None if the value is an id of another source, which knows the label.
    """

    id: str
    label: Node | None
    facts: Mapping[str, str | None]
    role: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Tagged:
    """The facts about one node from its tags, and its owners."""

    facts: Mapping[str, Any]
    owners: tuple[Owner, ...] = ()


@dataclass
class Tagger:
    """A reader of tags that counts the values it does not know."""

    map: TagMap = field(default_factory=TagMap)
    _strange: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)

    def read(self, label: Node, tags: Mapping[str, str]) -> Tagged:
        """Return the facts from tags of a node of `label`, limited to the label's properties."""
        if not tags:
            return Tagged({})
        can = {p.name for p in label.properties}
        values: dict[str, Any] = {
            ENV: self._env(tags) if ENV in can else None,
            PURPOSE: self._text(tags) if PURPOSE in can else None,
            EXPIRES_AT: self._instant(tags) if EXPIRES_AT in can else None,
            MARKS: self._marks(tags) if MARKS in can else None,
        }
        for fact in (SENSITIVITY, THIRD_PARTY):
            values[fact] = self._word(tags, fact) if fact in can else None
        facts = {name: value for name, value in values.items() if value is not None}
        return Tagged(facts, tuple(self._owners(tags)) if label in OWNS.targets else ())

    def warnings(self) -> list[str]:
        """Return warnings of the values that were left out, one for each key."""
        warnings = []
        for (key, wanted), counts in sorted(self._strange.items()):
            some = ", ".join(f"{value!r} ({n})" for value, n in counts.most_common(SHOWN))
            more = ", ..." if len(counts) > SHOWN else ""
            warnings.append(
                f"tag {key}: {counts.total()} values are {wanted} and were left out: {some}{more}"
            )
        return warnings

    def _note(self, key: str, value: str, wanted: str) -> None:
        shown = redact_text(value)[:40] if value.isprintable() else "?"
        self._strange.setdefault((redact_text(key)[:64], wanted), Counter())[shown] += 1

    def _clean(self, tags: Mapping[str, str], fact: str) -> tuple[str, str] | None:
        """Return key and value of a fact, if the value is fit to be kept."""
        tag = self.map.find(tags, fact)
        if tag is None or plain(tag[1]) in NOBODY:
            return None
        key, value = tag[0], tag[1].strip()
        if len(value) > LONGEST or not value.isprintable() or redact_text(value) != value:
            self._note(key, "?", "not fit to be kept")
            return None
        return key, value

    def _word(self, tags: Mapping[str, str], fact: str) -> str | None:
        tag = self._clean(tags, fact)
        if tag is None:
            return None
        word = self.map.words[fact].get(plain(tag[1]))
        if word is None:
            self._note(*tag, "unknown")
        return word

    def _env(self, tags: Mapping[str, str]) -> str | None:
        """Return the environment; production may have a tag of its own."""
        tag = self.map.find(tags, PRODUCTION)
        if tag is not None and plain(tag[1]) in ("true", "yes"):
            return "prod"
        return self._word(tags, ENV)

    def _text(self, tags: Mapping[str, str]) -> str | None:
        tag = self._clean(tags, PURPOSE)
        return tag[1] if tag else None

    def _instant(self, tags: Mapping[str, str]) -> str | None:
        tag = self._clean(tags, EXPIRES_AT)
        if tag is None:
            return None
        try:
            return iso(instant(tag[1]))
        except (WrongValue, ValueError, pd.errors.OutOfBoundsDatetime):
            self._note(*tag, "not dates")
            return None

    def _marks(self, tags: Mapping[str, str]) -> str | None:
        """Return the marks that change how a node is judged, from tags that set them."""
        known = self.map.keys[MARKS]
        on = {
            bare(k)
            for k, v in tags.items()
            if bare(k) in known and plain(v) in ("true", "yes", "1", "")
        }
        return canonical(sorted(mark.replace(" ", "-") for mark in on)) if on else None

    def _owners(self, tags: Mapping[str, str]) -> Iterable[Owner]:
        for fact in (*ROLES, GROUPED):
            tag = self._clean(tags, fact)
            if tag is None:
                continue
            role = TECHNICAL if fact == GROUPED else fact
            evidence = "inferred" if fact == GROUPED else "declared"
            for part in _parts(tag[1]):
                named = _named(part)
                if named is None:
                    self._note(tag[0], part, "not names of owners")
                else:
                    yield Owner(*named, role, evidence)


def _parts(value: str) -> list[str]:
    """Split a value with several owners: by `;` or `|`, and between parts that are all addresses.

    >>> _parts("ann@acme.example, bo@acme.example"), _parts("Payments, Cards and Cash")
    (['ann@acme.example', 'bo@acme.example'], ['Payments, Cards and Cash'])
    """
    parts = [part.strip() for part in re.split(r"[;|]", value) if part.strip()]
    owners: list[str] = []
    for part in parts:
        mails = [mail.strip() for mail in re.split(r"[,:\s]+", part) if mail.strip()]
        owners += mails if all(ALONE.fullmatch(mail) for mail in mails) else [part]
    return owners


def _named(value: str) -> tuple[str, Node | None, dict[str, str | None]] | None:
    """Return the owner that a value names: id, label, and facts about it.

    An address alone, or after a name as mail programs write it, denotes a person, unless its words
    are those of a team; `name: address` denotes a team with its mailbox, and a bare name a team.
    """
    value = value.rstrip(" :")
    if KNOWN.fullmatch(value):
        return value, None, {}
    if ALONE.fullmatch(value):
        mail = value.lower()
        if OF_TEAM.search(mail.partition("@")[0]):
            return f"tag:team/{mail}", TEAM, {"name": mail, "email": mail}
        return f"tag:person/{mail}", HUMAN, {"name": mail, "email": mail}
    match = ADDRESSED.fullmatch(value)
    name = (match["name"] if match else value).strip()
    if not NAME.fullmatch(name):
        return None
    if match and match["sign"] != ":" and not OF_TEAM.search(name.casefold()):
        mail = match["mail"].lower()
        return f"tag:person/{mail}", HUMAN, {"name": name, "email": mail}
    email = match["mail"].lower() if match else None
    return f"tag:team/{' '.join(name.casefold().split())}", TEAM, {"name": name, "email": email}
