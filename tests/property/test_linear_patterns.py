"""Every regular expression that meets data takes a time that grows with its length, and no faster.

All of them are found in the packages, by what modules hold and by what stands in calls, and each
meets texts that are made from itself. What libraries do for us (RE2 in Arrow and DuckDB) is linear
by design.
"""

import re
import time
from itertools import product

import pytest

from graph.aws.patterns import compiled
from graph.values import NUMBER
from ingest.secrets.names import SCHEME, WITH_VERSION
from ingest.sources.backstage import MAIL as BACKSTAGE_MAIL
from ingest.sources.bedrock.reading import PAGE
from ingest.sources.codeowners import MAIL
from ingest.sources.csv.cells import PARTS
from tests.support.hostile.patterns import QUICK, Found, every_pattern, grows, seconds
from tests.support.search import some

# As they once were; each looked at all pairs of places in some text.
FORMER = {
    "number": (r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", "fullmatch"),
    "mail": (r"[^@\s/]+@[^@\s/]+\.[^@\s/]+", "fullmatch"),
    "mail of catalogues": (r"[^@\s/:]+@[^@\s/:]+\.[^@\s/:]+", "fullmatch"),
    "version": (r"[\w.-]+@?[\d.]+", "fullmatch"),
    "page": (r"[-_.]?(?:page)?[-_.]?\d+$", "search"),
    "parts": (r"\s*[,;|]\s*", "search"),
    "scheme": (
        r"(?i)\b(?:bearer|basic|token|apikey|[\w-]*authorization|x-[\w-]+)\b\s*[:=]?",
        "search",
    ),
    "names in warnings": (r"\b(?:[\w.*-]+/)+[\w.*-]+|\b[\w.-]*\d[\w.-]*", "search"),
    "remote": (r"(?m)^\s*url\s*=", "search"),
    "account": (r"(?P<name>[^@\s]+)@(?:appspot|developer)\.gserviceaccount\.com", "search"),
    "addressed": (r"(?P<name>[^@<>]*?)\s*(?P<sign>[:<(])\s*x", "fullmatch"),
    "reference": (r"\{env:[^}]+\}", "search"),
    "place": (r"\(error \d+:[^|]*\|(\d+)\|\d+\s*\(errormsg \d+:([^)]*)\)", "search"),
    "nested": (r"(?:a+)+b", "match"),
}

SIZES = {  # of texts that take one of them a few times longer than is passed over
    "nested": 20,
    "remote": 1000,
    "number": 250,
    "names in warnings": 300,
    "version": 400,
    "addressed": 400,
    "reference": 1000,
}


def test_every_expression_is_found():
    held = {one.where for one in every_pattern()}
    assert {"graph.values.NUMBER", "ingest.sources.codeowners.REMOTE"} <= held
    assert any(where.startswith("ingest/tags/owner_roles.py:") for where in held)
    assert any(where.startswith("ingest.secrets.names.REFERENCES") for where in held)
    assert len(every_pattern()) > 200


def test_no_group_is_possessive():
    """Up to Python 3.11.4 such a group matches otherwise (gh-106052); an atomic one does not."""
    possessive = re.compile(r"(?<!\\)\)(?:[*+?]|\{[\d,]+\})\+")
    assert possessive.search(r"(?:a|b)*+")
    assert not [one.where for one in every_pattern() if possessive.search(one.pattern.pattern)]


def test_every_expression_is_linear():
    found = {one.where: slow for one in every_pattern() if (slow := grows(one))}
    assert found == {}


@pytest.mark.parametrize("name", some(FORMER, 8))
def test_what_is_not_linear_is_found_out(name):
    form, method = FORMER[name]
    size = SIZES.get(name, 500)
    pattern = re.compile(form)
    if name == "nested":  # twice as much would take for ever
        assert seconds(pattern.match, "a" * size) > 8 * seconds(pattern.match, "a" * (size - 6))
        return
    assert grows(Found(name, pattern, frozenset({method})), size, QUICK / 4)


def every_text(letters, longest):
    for length in range(longest + 1):
        yield from map("".join, product(letters, repeat=length))


@pytest.mark.parametrize(
    ("name", "pattern", "letters"),
    [
        ("number", NUMBER, "+1.eE"),
        ("mail", MAIL, "a@. /"),
        ("mail of catalogues", BACKSTAGE_MAIL, "a@.:"),
        ("version", WITH_VERSION, "a1.@-"),
    ],
)
def test_an_expression_matches_what_it_did(name, pattern, letters):
    """Every text of up to seven of these characters."""
    former = re.compile(FORMER[name][0])
    for text in every_text(letters, 7):
        assert bool(pattern.fullmatch(text)) == bool(former.fullmatch(text)), text


@pytest.mark.parametrize(
    ("name", "pattern", "letters"), [("page", PAGE, "p1-"), ("parts", PARTS, " ,a\n")]
)
def test_an_expression_takes_away_what_it_did(name, pattern, letters):
    former = re.compile(FORMER[name][0])
    for text in every_text([*letters, "page"] if name == "page" else letters, 6):
        assert pattern.sub("|", text) == former.sub("|", text), text


@pytest.mark.parametrize(
    "said", ["Bearer ", "proxy-authorization: ", "X-Api-Key ", "Authorization=", "token", "apikey:"]
)
def test_a_scheme_is_taken_away_as_it_was(said):
    former = re.compile(FORMER["scheme"][0])
    for before, after in product(("", " ", "a ", "a-", "-", "("), (" x", "x", "-x", "", " : x")):
        text = f"{before}{said}{after}"
        assert SCHEME.sub("", text).strip("-") == former.sub("", text).strip("-"), text


@pytest.mark.parametrize("piece", ["*a", "*a?", "?*", "*ab*", "a*?b"])
def test_wildcards_of_policies_are_linear(piece):
    """The pattern is of the size that a policy may have, the text as long as it likes."""
    for text in ("a" * 20_000, "ab" * 10_000, "a" * 20_000 + "c"):
        start = time.process_time()
        compiled(piece * 20 + "c").fullmatch(text + "b")
        assert time.process_time() - start < 0.5
