"""Agent cards of the Agent2Agent protocol: agents, their skills and their trust.

Versions 0.3 and 1.0 of https://a2a-protocol.org/latest/specification are read; they write security
differently.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from graph.schema import AGENT, CALLS, CONTROLS, RESOURCE, TOOL, TRUSTS
from graph.values import canonical
from ingest.files.export import (
    Budget,
    ExportFile,
    documents_of,
    files_of,
    refuse_all,
    scope_of,
    taken_at,
)
from ingest.rows import Place, Rows, listed, text
from ingest.secrets.names import bare_address, bare_public_address
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused, Reading, Request, Source

ANYONE = "*"
SUFFIXES = (".json", ".jsonl", ".ndjson")
# Members around cards: of an answer of a catalog or registry, or of the agent by JSON-RPC.
AROUND = (
    *("agentCard", "agent_card", "card", "agent", "result", "data", "items"),
    *("agents", "agentCards", "agent_cards", "cards"),
)
OPEN = {"", "none", "public", "anonymous", "no", "false"}
WAYS = ("schemes", "type", "types", "scheme", "method", "methods")  # what names a way to sign in
NEXT = ("nextPageToken", "next_page_token", "nextCursor", "next_cursor", "nextToken", "next")
HIDDEN = {".well-known"}
MARKS = (
    *("skills", "supportedInterfaces", "protocolVersion", "preferredTransport", "capabilities"),
    *("defaultInputModes", "defaultOutputModes"),
)
LOOPBACK = re.compile(r"\w+://(?:localhost|127\.|\[::1\]|0\.0\.0\.0)")
SORTS = {  # the key of a scheme in version 1.0, and its type in version 0.3
    "apiKeySecurityScheme": "apiKey",
    "httpAuthSecurityScheme": "http",
    "oauth2SecurityScheme": "oauth2",
    "openIdConnectSecurityScheme": "openIdConnect",
    "mtlsSecurityScheme": "mutualTLS",
}
OLD_SORTS = {"bearer": "http", "basic": "http", "apikey": "apiKey", "oauth2": "oauth2"}
OLD_SORTS |= {"openidconnect": "openIdConnect", "mutualtls": "mutualTLS"}
NAMES = [
    *("supportedInterfaces", "protocolVersion", "preferredTransport", "securitySchemes"),
    *("securityRequirements", *SORTS, "openIdConnectUrl", "oauth2MetadataUrl", "tokenUrl"),
    "authorizationUrl",
]
CAMEL = {re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name): name for name in NAMES}
# Where a document about an issuer is: behind its path by OpenID Connect, before it by RFC 8414.
DISCOVERY = re.compile(r"/\.well-known/(?:openid-configuration|oauth-authorization-server)")
ISSUING = ("openIdConnectUrl", "oauth2MetadataUrl", "tokenUrl", "authorizationUrl")


@dataclass(frozen=True, slots=True)
class Scheme:
    """A way for a caller to authenticate: its sort, the issuer of tokens and the scopes."""

    sort: str
    issuer: str
    scopes: tuple[str, ...]


Way = tuple[Scheme, ...]
"""Schemes that a caller must all show together; any one of several ways suffices."""


def read(request: Request) -> Reading:
    """Read the agent cards at or below the paths of `request`.

    Raises
    ------
    InputRefused
        If a document is broken, or if there is no card.
    """
    rows, scope, budget = Rows(), scope_of(request), Budget()
    used: list[ExportFile] = []
    passed, going_on = 0, list[bool]()  # of the pages of a catalog: whether they name a next one
    for file in files_of(request, rows, SUFFIXES, hidden=HIDDEN):
        documents = documents_of(file, budget, rows)
        if documents is None:
            continue
        cards = [card for document, place in documents for card in cards_in(document, place)]
        if not cards and file.alone:
            raise InputRefused(file.path, "", "holds no agent card")
        if not cards:
            passed += 1
            continue
        used.append(file)
        going_on += [_goes_on(d) for d, _ in documents if isinstance(d, dict) and not _is_card(d)]
        for card, place in cards:
            _add_card(rows, scope, _named(card), place)
    if not used:
        refuse_all(request, rows, "nothing in it is an agent card")
    if going_on and all(going_on):
        rows.all_read = False
        rows.warn("the last page of a catalog names a next page, which is missing")
    if passed:
        rows.warn(f"{passed} files hold no agent card and were passed over")
    return rows.reading(scope, taken_at(request, used, rows), SOURCE.declares)


def cards_in(document: Any, at: Place) -> Iterator[tuple[dict[str, Any], Place]]:
    """Find the cards of a document: itself, those of a list or a map, or those wrapped."""
    for number, value in enumerate(document if isinstance(document, list) else [document]):
        place = at.at(number) if isinstance(document, list) else at
        if not isinstance(value, dict):
            continue
        if _is_card(value):
            yield value, place
            continue
        for key in AROUND:
            inner, within = value.get(key), place.at(key)
            if isinstance(inner, list | dict):
                yield from cards_in(inner, within)
            if isinstance(inner, dict) and not _is_card(inner):  # cards by a name of each
                named = ((name, card) for name, card in inner.items() if name not in AROUND)
                yield from ((c, within.at(name)) for name, c in named if _is_card(c))


def _goes_on(page: Mapping[str, Any]) -> bool:
    """Return whether an answer of a catalog names a page that follows."""
    parts = [page, *(page[key] for key in ("metadata", "meta", "pagination") if key in page)]
    return any(text(part.get(name)) for part in parts if isinstance(part, dict) for name in NEXT)


def _is_card(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    marks = {CAMEL.get(key, key) for key in value} & {*MARKS}
    return isinstance(value.get("name"), str) and len(marks) >= 2


def _named(value: Any) -> Any:
    """Return a part of a card with its members in the names of the specification.

    Some libraries write them as their own code has them, with underscores.
    """
    if isinstance(value, list):
        return [_named(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {CAMEL.get(key, key): _named(each) for key, each in value.items()}


# -- cards -----------------------------------------------------------------------------------------


def _add_card(rows: Rows, scope: str, card: Mapping[str, Any], place: Place) -> None:
    interfaces = [i for i in listed(card.get("supportedInterfaces")) if isinstance(i, dict)]
    address = text(card.get("url")) or next((text(i.get("url")) for i in interfaces), "")
    name = redact_text(text(card.get("name")))
    shown = redact_text(bare_address(address, names=True)) if address else ""
    tenant = next((redact_text(text(i.get("tenant"))) for i in interfaces[:1]), "")
    shown = f"{shown}/tenant/{tenant}" if shown and tenant else shown
    public = bool(shown) and "://" in shown and not LOOPBACK.match(shown)
    agent = f"a2a:{shown}" if public else f"a2a:{scope}/agent/{name}{f'/{shown}' if shown else ''}"
    if not name:
        rows.reject(place.at("name"), "a card must name its agent", [agent] if public else ())
        return
    version = text(card.get("protocolVersion")) or next(
        (text(i.get("protocolVersion")) for i in interfaces), ""
    )
    ways, anyone = _asked(card)
    provider = card.get("provider")
    organization = text(provider.get("organization")) if isinstance(provider, dict) else ""
    added = rows.node(
        AGENT,
        agent,
        place,
        name=name,
        kind="ai_agent",
        platform=f"A2A {redact_text(version)}".strip(),
        provider=redact_text(organization) or None,
        tags=canonical(_tags(card, ways, anyone)),
    )
    if not added:
        rows.warn(f"{place.file}: another card of an agent that was read already; passed over")
        return
    for number, skill in enumerate(listed(card.get("skills"))):
        _add_skill(rows, agent, skill, place.at("skills", number))
    _add_trust(rows, agent, ways, anyone, place)


def _tags(card: Mapping[str, Any], ways: list[Way], anyone: bool) -> list[str]:
    """Return how callers may sign in, a tag for each way, with `+` between what one needs."""
    tags = {f"auth:{'+'.join(sorted({scheme.sort for scheme in way}))}" for way in ways}
    tags |= {"auth:none"} if anyone else set()
    return sorted(tags | ({"signed"} if listed(card.get("signatures")) else set()))


def _add_skill(rows: Rows, agent: str, skill: Any, place: Place) -> None:
    """Add a skill, which makes the agent act for whoever calls it, as far as the skill goes."""
    id_ = text(skill.get("id")) or text(skill.get("name")) if isinstance(skill, dict) else ""
    if not id_:
        rows.reject(place, "a skill must have an id")
        return
    tool = f"{agent}/skill/{redact_text(id_)}"
    name = redact_text(text(skill.get("name")) or id_)
    if rows.node(TOOL, tool, place, name=name, kind="a2a_skill"):
        rows.link(CALLS, agent, tool, place)
        rows.link(CONTROLS, tool, agent, place, rule="A2A", condition="as far as the skill goes")
    else:
        rows.warn(f"{place.file}: a skill is listed more than once and counts once")


def _add_trust(rows: Rows, agent: str, ways: list[Way], anyone: bool, place: Place) -> None:
    """Declare who may call the agent: anyone, or the callers that an identity provider knows."""
    if anyone:
        rows.node(RESOURCE, ANYONE, place, name="anyone", type="anyone")
        rows.link(TRUSTS, agent, ANYONE, place, action="a2a:call")
    for issuer in dict.fromkeys(scheme.issuer for way in ways for scheme in way if scheme.issuer):
        rows.node(RESOURCE, issuer, place, name=issuer.partition("://")[2], type="oidc_provider")
        rows.link(
            TRUSTS,
            agent,
            issuer,
            place,
            action="a2a:call",
            issuer=issuer,
            condition=_condition(ways, issuer),
        )


def _condition(ways: list[Way], issuer: str) -> str | None:
    """Return what a token of an issuer needs beside it to call; None where some way needs none."""
    texts = [_beside(way, issuer) for way in ways if any(scheme.issuer == issuer for scheme in way)]
    return " or ".join(dict.fromkeys(texts)) if all(texts) else None


def _beside(way: Way, issuer: str) -> str:
    """Return the scopes of a token in a way to sign in, and what else has to be shown with it."""
    scopes = sorted({s for scheme in way if scheme.issuer == issuer for s in scheme.scopes})
    others = sorted({scheme.sort for scheme in way if scheme.issuer != issuer})
    parts = [f"scope {' '.join(scopes)}"] if scopes else []
    parts += [f"with {' and '.join(others)}"] if others else []
    return " ".join(parts)


# -- security, which moved between versions --------------------------------------------------------


def _asked(card: Mapping[str, Any]) -> tuple[list[Way], bool]:
    """Return the ways for callers to sign in, and whether some need to show nothing.

    What the card asks for is asked of every caller, what a skill asks for of who uses that skill. A
    card that asks for nothing anywhere is taken to ask for all that it describes, each by itself.
    """
    own = _requirements(card)
    skills = [s for s in listed(card.get("skills")) if isinstance(s, dict)]
    of_skills = [_requirements(skill) for skill in skills]
    old: list[Way] = [(scheme,) for scheme in _old_schemes(card)]
    described = card.get("securitySchemes")
    if isinstance(described, list):
        described = dict(enumerate(described))
    described = described if isinstance(described, dict) else {}
    if own is None and not old and not any(of_skills):
        each: list[Way] = [
            (_scheme(described, name),) for name, s in described.items() if isinstance(s, dict)
        ]
        return each, not each
    ways = old + [
        tuple(_scheme(described, name, *scopes) for name, scopes in requirement.items())
        for requirements in (own, *of_skills)
        for requirement in requirements or ()
    ]
    return ways, not own and not old and not (of_skills and all(of_skills))


def _requirements(part: Mapping[str, Any]) -> list[dict[str, tuple[str, ...]]] | None:
    """Return what a card or a skill asks for: alternatives, of which any one suffices.

    Each has schemes, all of which are needed, with their scopes. None where the part says nothing,
    an empty list where one alternative asks for nothing, so that nothing is needed.
    """
    needed = listed(part.get("securityRequirements")) or listed(part.get("security"))
    alternatives: list[dict[str, tuple[str, ...]]] = []
    for requirement in needed:
        wanted = _schemes_of(requirement)
        if not wanted:
            return []
        alternatives.append({name: _scopes(scopes) for name, scopes in wanted.items()})
    return alternatives if needed else None


def _schemes_of(requirement: Any) -> Mapping[str, Any]:
    """Return the schemes that are needed together, by name; some cards list names only."""
    inner = (
        requirement.get("schemes", requirement) if isinstance(requirement, dict) else requirement
    )
    if isinstance(inner, dict):
        return inner
    return {name: [] for name in listed(inner) if isinstance(name, str)}


def _scopes(asked: Any) -> tuple[str, ...]:
    """Return the scopes of a requirement, which version 1.0 wraps."""
    named = asked.get("list") if isinstance(asked, dict) else asked
    return tuple(redact_text(scope) for scope in listed(named) if isinstance(scope, str))


def _old_schemes(card: Mapping[str, Any]) -> Iterator[Scheme]:
    """Yield the schemes of a card from before version 0.3, which lists no more than their names.

    Many write them in forms of their own: what names no way to sign in, and does not say that none
    is needed, is a scheme that is not described.
    """
    authentication = card.get("authentication")
    if "securitySchemes" in card:
        return
    for given in listed(authentication):
        if isinstance(given, dict):
            if not given or given.get("required") is False:
                continue
            ways = [way for key in WAYS for way in listed(given.get(key))]
            ways = ways if given.keys() & {*WAYS} else ["?"]
        else:
            ways = [given]
        for way in ways:
            word = str(way).lower()
            if word not in OPEN:
                yield Scheme(OLD_SORTS.get(word, "undescribed"), "", ())


def _scheme(described: Mapping[str, Any], name: str, *scopes: str) -> Scheme:
    scheme = described.get(name)
    sort, inner = _sort(scheme) if isinstance(scheme, dict) else ("undescribed", {})
    return Scheme(sort, _issuer(inner), scopes)


def _sort(scheme: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    for key, sort in SORTS.items():
        if isinstance(scheme.get(key), dict):
            return sort, scheme[key]
    sort = text(scheme.get("type"))
    known = sort if sort in SORTS.values() else OLD_SORTS.get(sort.lower(), "undescribed")
    return known, scheme


def _issuer(scheme: Mapping[str, Any]) -> str:
    """Return the issuer of the tokens, which its documents name; "" where the scheme names none.

    Of a server that only has addresses for tokens its origin is known.
    """
    flows = scheme.get("flows")
    parts = [scheme, *(flows.values() if isinstance(flows, dict) else ())]
    for part in parts:
        for key in ISSUING if isinstance(part, dict) else ():
            address = bare_public_address(text(part.get(key)))
            if "://" in address:
                split = urlsplit(address)
                path = DISCOVERY.sub("", split.path) if DISCOVERY.search(split.path) else ""
                return redact_text(f"{split.scheme}://{split.netloc}{path.rstrip('/')}")
    return ""


SOURCE = Source(
    name="a2a",
    title="A2A agent cards",
    reads="agent cards (JSON) of the Agent2Agent protocol, versions 0.3 and 1.0, or folders",
    declares=("inventory", "trust"),
    read=read,
)
