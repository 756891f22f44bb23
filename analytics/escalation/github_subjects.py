"""Subjects of workflows of GitHub: the repositories that a trust in one of them means.

A subject begins with the repository (`repo:acme/app:`), since 2026 with the numbers of owner and
repository behind their names (`repo:acme@77/app@88:`), or has the claims that an organisation
chose. https://docs.github.com/en/actions/reference/security/oidc
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from graph.access import AccessGraph
from graph.aws.patterns import contains, overlaps
from graph.once import once
from graph.schema import RESOURCE
from graph.values import strict_json

REPOSITORY, ORGANIZATION = "repository", "organization"
GUARDED = "unless the branch or environment that the trust names is protected"
CHOSEN = "if workflows of the repository have such a subject"
ANY_BRANCH = ("ref:refs/heads/*", "pull_request")  # what follows the name, where nothing guards it
PLAIN = re.compile(r"repo:(?P<name>[^:/*?]+/[^:/*?]+):.*", re.DOTALL)
NUMBER = re.compile(r"@(?:\d+|\*(?=[/:]))")
NUMBERED = re.compile(r"repo:[^:/@]+(?:@(?P<owner>\d+))?(?:/[^:/@]+(?:@(?P<repository>\d+))?)?")
CLAIM = re.compile(
    r"(?:^|:)(?P<claim>repository|repository_owner|job_workflow_ref|workflow_ref):(?P<value>[^:]+)"
)
AT_GITHUB = "github_id:"
OF_OWNER = ("repository_owner", "repository_owner_id")
OF_REPOSITORY = ("repository", "repository_id", *OF_OWNER)
Wanted = tuple[str, Sequence[str]]
"""A claim of `OF_REPOSITORY`, and the values, or patterns, of which it must have one."""


@dataclass(frozen=True)
class Repositories:
    """The repositories of GitHub by organisation and name, in small letters.

    `at_github` has GitHub's own numbers of those, and of organisations, that a source states.
    """

    by_name: Mapping[str, int]
    at_github: Mapping[str, str] = field(default_factory=dict)

    def trusted(self, subject: str | None) -> Iterator[tuple[str, str]]:
        """Yield the names of the repositories that a subject means, and on which condition.

        Without a subject every repository of GitHub is trusted.
        """
        text = "*" if subject is None else subject.lower()
        numbered = NUMBERED.match(text)
        text = NUMBER.sub("", re.sub(r"@\*$", "*", text))
        plain = PLAIN.fullmatch(text)
        named = self.by_name if plain is None else {plain["name"]}
        for name in named:
            if name not in self.by_name or not overlaps(text, f"repo:{name}:*"):
                continue
            if numbered is None or self._has_numbers(name, numbered.groupdict()):
                free = any(contains(text, f"repo:{name}:{rest}") for rest in ANY_BRANCH)
                yield name, "" if free else GUARDED
        if not text.startswith("repo:") and text != "*":
            yield from ((name, CHOSEN) for name in self._of_claims(text))

    def has(self, name: str, wanted: Iterable[Wanted]) -> bool | None:
        """Return whether the tokens of a repository have the claims; None if that is not known."""
        verdicts = [_fits(self._claim(name, claim), values) for claim, values in wanted]
        return False if False in verdicts else None if None in verdicts else True

    def _claim(self, name: str, claim: str) -> str | None:
        known = name.partition("/")[0] if claim in OF_OWNER else name
        return self.at_github.get(known) if claim.endswith("_id") else known

    def _has_numbers(self, name: str, wanted: Mapping[str, str | None]) -> bool:
        """Return whether no number that a subject names is known to be that of another."""
        known = {"owner": name.partition("/")[0], "repository": name}
        return all(
            number is None or self.at_github.get(known[of], number) == number
            for of, number in wanted.items()
        )

    def _of_claims(self, text: str) -> list[str]:
        """Return the repositories that all claims of a subject are of; none without claims."""
        patterns = []
        for claim, value in CLAIM.findall(text):
            path = value.partition("@")[0].split("/")
            patterns.append("/".join(path[:2]) if claim != "repository_owner" else f"{path[0]}/*")
        if not patterns:
            return []
        return [
            name for name in self.by_name if all(overlaps(pattern, name) for pattern in patterns)
        ]


def _fits(actual: str | None, values: Sequence[str]) -> bool | None:
    return None if actual is None else any(contains(v.lower(), actual) for v in values)


@once
def repositories_of(graph: AccessGraph) -> Repositories:
    """Return the repositories of GitHub in a graph."""
    frame = graph.frames[RESOURCE]
    frame = frame[frame["id"].str.startswith("github:")]
    ours = frame[(frame["type"] == REPOSITORY).fillna(False)]
    by_name = dict(zip(_names(ours), graph.numbers(ours["id"]).tolist(), strict=True))
    listed = frame[frame["type"].isin([REPOSITORY, ORGANIZATION]) & frame["external_ids"].notna()]
    at_github: dict[str, str] = {}
    for name, ids in zip(_names(listed), listed["external_ids"], strict=True):
        for id_ in strict_json(str(ids)):
            if str(id_).startswith(AT_GITHUB):
                at_github[name] = str(id_).removeprefix(AT_GITHUB)
    return Repositories(by_name, at_github)


def _names(frame: pd.DataFrame) -> list[str]:
    """Return `acme/app` for each repository, and `acme` for each organisation."""
    names = frame["id"].str.removeprefix("github:").str.replace("/repository/", "/", n=1)
    return list(names.str.replace(r"/organization/.*", "", regex=True).str.lower())
