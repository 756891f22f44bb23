"""CODEOWNERS: the reviewers of changes to a repository, from which its owner is inferred.

The format is that of https://docs.github.com/articles/about-code-owners, of GitLab, which adds
sections, and of https://support.atlassian.com/bitbucket-cloud/docs/set-up-and-use-code-owners.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from graph.schema import GROUP, HUMAN, IDENTITIES, OWNS, RESOURCE, TEAM
from graph.values import canonical
from ingest.files.bounded import read_text
from ingest.files.export import (
    Budget,
    ExportFile,
    export_files,
    refuse_all,
    scope_of,
    taken_at,
    text_of,
)
from ingest.rows import Place, Rows
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused, Reading, Request, Sent, Source, Upload
from ingest.sources.github.documents import user_id
from ingest.tags.owner_roles import TECHNICAL

FILE_NAME = "CODEOWNERS"
HIDDEN = {".github", ".gitlab", ".gitea", ".forgejo", ".bitbucket"}
BESIDE = {"node_modules", "vendor"}
FOLDERS = {*HIDDEN, "docs"}  # where the file may lie below the repository
# The first of several counts; the folders of the other platforms come last there.
ORDER = (".github", "", "docs", ".gitlab", ".gitea", ".forgejo", ".bitbucket")
EVERYTHING = {"*", "/", "/*", "**", "/**", "/**/*", "**/*"}
SECTION = re.compile(r"\^?\[(?P<name>[^\]]+)\](?:\[\d+\])?(?P<owners>.*)")
COMMENT = re.compile(r"(?:^|\s)#.*")
WORD = re.compile(r"(?:\\.|[^\s\\])+")
MAIL = re.compile(r"[^@\s/]+@[^@\s/][^@\s/.]*\.[^@\s/]+")
HANDLE = re.compile(  # on Bitbucket with how many of a team are asked: `:all`, `:random(2)`
    r"@(?P<org>[\w.-]+)(?:/(?P<team>[\w./-]+)(?::[a-z_]+(?:\(\d+\))?)?)?"
)
PROJECT_ROLE = re.compile(
    r"@@[a-z][\w-]+"
)  # whoever has a role in the project, such as @@maintainers
REMOTE = re.compile(
    r"^[^\S\n]*url[^\S\n]*=[^\S\n]*(?:[\w+.-]+://)?(?:[^@\s/]*@)?(?P<host>[\w.-]+)(?::\d+)?[:/]"
    r"(?P<path>[\w.-]+(?:/[\w.-]+)+)/?[^\S\n]*$",
    re.MULTILINE,
)
MAX_CONFIG = 1 << 20
STEP = r"[A-Za-z0-9_-][\w.-]{0,99}"
NAMED = re.compile(  # a repository as an upload names it: by its address, or by its folder alone
    rf"(?:(?:https://)?(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)+)/)?(?P<path>{STEP}(?:/{STEP})*?)(?:\.git)?/?",
    re.ASCII | re.IGNORECASE,
)


def read(request: Request) -> Reading:
    """Read the CODEOWNERS files at or below the paths of `request`.

    Raises
    ------
    InputRefused
        If there is none, or a file is no text.
    """
    rows, scope, budget = Rows(), scope_of(request), Budget()
    used: list[ExportFile] = []
    taken: set[str] = set()
    left: Counter[str] = Counter()
    for file in sorted(_files(request), key=_rank):
        repository = _repository(file.path, scope.replace("/", ":"))
        content = text_of(file, budget, rows)
        if content is not None:
            _refuse_other(file, content)
            used.append(file)
        if repository.id in taken:
            rows.warn(f"{file.path}: another file of the repository comes before it; passed over")
            continue
        taken.add(repository.id)  # also by a file that cannot be read: the next one does not count
        if content is not None:
            _add(rows, repository, content, file, left)
    for kind, count in sorted(left.items()):
        rows.warn(f"{count} {kind} are left out")
    if not used:
        refuse_all(request, rows, f"there is no {FILE_NAME} in it")
    reading = rows.reading(scope, taken_at(request, used, rows), SOURCE.declares)
    reading.owner_roles = dict.fromkeys(IDENTITIES, (TECHNICAL,))
    return reading


def _refuse_other(file: ExportFile, content: str) -> None:
    """Refuse a file of another name in which no rule names an owner: it is something else."""
    owners = (owner for line in _lines(content) for owner in line.owners)
    if file.path.name == FILE_NAME or any(
        HANDLE.fullmatch(o) or PROJECT_ROLE.fullmatch(o) or MAIL.fullmatch(o)
        for o in owners
        if '"' not in o
    ):
        return
    raise InputRefused(file.path, "", f"is not named {FILE_NAME}, and no rule in it names an owner")


def _files(request: Request) -> list[ExportFile]:
    files = export_files(request.paths, hidden=HIDDEN, beside=BESIDE)
    return [f for f in files if f.alone or f.path.name == FILE_NAME]


def _rank(file: ExportFile) -> tuple[str, int, str]:
    folder = file.path.parent.name
    place = ORDER.index(folder) if folder in ORDER else 1
    return str(_root(file.path)), place, file.short


def _root(path: Path) -> Path:
    folder = path.resolve().parent
    return folder.parent if folder.name in FOLDERS else folder


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository: its id, its name, and the host and organisation of its users."""

    id: str
    name: str
    host: str
    organization: str
    scope: str

    def within(self, kind: str, org: str, name: str) -> str:
        """Return the id of a team or a user."""
        if self.host == "github" and kind == "user":
            return user_id(name)
        if self.host == "github":
            return f"github:{org}/{kind}/{name}"
        return f"codeowners:{self.scope}/{kind}/{f'{org}/' if kind == 'team' else ''}{name}"


def _repository(path: Path, scope: str) -> Repository:
    """Return the repository of a file: by its remote, else by its folder."""
    root = _root(path)
    config = root / ".git" / "config"
    remote = None
    if config.is_file() and not config.is_symlink():
        remote = REMOTE.search(read_text(config, max_bytes=MAX_CONFIG))
    name = redact_text(root.name or "repository")
    if remote is None:
        return Repository(f"codeowners:{scope}/repository/{name}", name, "", "", scope)
    full_name = redact_text(remote["path"].removesuffix(".git"))
    org, _, short = full_name.rpartition("/")
    if remote["host"].lower() == "github.com":
        return Repository(f"github:{org}/repository/{short}", full_name, "github", org, scope)
    return Repository(f"codeowners:{scope}/repository/{full_name}", full_name, "", org, scope)


@dataclass(frozen=True, slots=True)
class Line:
    """A rule of a file: its pattern of paths, its owners, its section and its line."""

    pattern: str
    owners: tuple[str, ...]
    section: str
    number: int


def _add(
    rows: Rows, repository: Repository, content: str, file: ExportFile, left: Counter[str]
) -> None:
    """Declare the repository, and the owners in the last rule for all of it in each section."""
    ids = [f"github:{repository.name}"] if repository.host == "github" else []
    rows.node(
        RESOURCE,
        repository.id,
        file.place,
        name=repository.name,
        type="repository",
        provider=repository.host or None,
        external_ids=canonical(ids) if ids else None,
    )
    lines = list(_lines(content))
    covering_all = [line for line in lines if line.pattern in EVERYTHING]
    if len(lines) > len(covering_all):
        left["rules for parts of a repository"] += len(lines) - len(covering_all)
    for last in {line.section: line for line in covering_all}.values():
        place = Place(str(file.path), f"line {last.number}")
        for number, owner in enumerate(dict.fromkeys(last.owners), 1):
            if PROJECT_ROLE.fullmatch(owner):
                left["owners that are a role in the project, not a name,"] += 1
                continue
            id_ = _owner(rows, repository, owner, place)
            if id_:
                rows.link(OWNS, id_, repository.id, place, role=TECHNICAL, evidence="inferred")
            else:
                meant = [repository.id, *_meant(repository, owner)]
                reason = f"owner {number} is neither @user, @organisation/team nor an e-mail"
                rows.reject(place, reason, meant)


def _lines(content: str) -> Iterator[Line]:
    """Yield the rules; a rule without owners has those of its section."""
    section, usual = "", tuple[str, ...]()
    for number, line in enumerate(content.splitlines(), 1):
        bare = COMMENT.sub("", line).strip()
        heading = SECTION.fullmatch(bare)
        if heading:
            section, usual = heading["name"].casefold(), tuple(heading["owners"].split())
            continue
        words = WORD.findall(bare)
        if words:
            yield Line(words[0], tuple(words[1:]) or usual, section, number)


def _owner(rows: Rows, repository: Repository, owner: str, place: Place) -> str:
    """Declare an owner that a rule names, and return its id; "" if it names nobody."""
    if redact_text(owner) != owner:
        return ""
    if MAIL.fullmatch(owner):
        mail = owner.lower()
        id_ = f"codeowners:{repository.scope}/human/{mail}"
        rows.node(HUMAN, id_, place, email=mail, name=mail)
        return id_
    handle = HANDLE.fullmatch(owner)
    if handle is None:
        return ""
    org, team = handle["org"], handle["team"]
    if team:
        id_ = repository.within("team", org, team)
        label, name = GROUP if repository.host else TEAM, f"{org}/{team}"
    else:
        id_ = repository.within("user", repository.organization, org)
        label, name = HUMAN, org
    ids = canonical([f"github:{name}"]) if repository.host == "github" else None
    rows.node(label, id_, place, name=name, external_ids=ids)
    return id_


def _meant(repository: Repository, owner: str) -> Iterator[str]:
    """Yield the ids of whom an owner that is written wrongly may mean."""
    bare = owner.strip("@")
    if not bare or redact_text(owner) != owner:
        return
    org, _, team = bare.partition("/")
    if team:
        yield repository.within("team", org, team)
    else:
        yield repository.within("user", repository.organization, bare)
        yield f"codeowners:{repository.scope}/human/{bare.lower()}"


def _lay_out(sent: Sent) -> Sequence[Path]:
    """Move a file that was sent by itself into a folder of its repository."""
    if not sent.answer:
        if any(path.is_file() for path in sent.paths):
            raise InputRefused(sent.paths[0], "", "say which repository it is of")
        return sent.paths
    named = NAMED.fullmatch(sent.answer)
    if named is None or ("/" in named["path"]) != bool(named["host"]):
        reason = "write it as github.com/acme/api, or as the name of its folder alone"
        raise InputRefused("repository", "", reason)
    if len(sent.paths) != 1:
        raise InputRefused("repository", "", "is for one file; send a ZIP of several repositories")
    (path,) = sent.paths
    root = path if path.is_dir() else sent.folder / "repository" / named["path"].split("/")[-1]
    if path.is_file():
        root.mkdir(parents=True)
        path.rename(root / FILE_NAME)
    config = root / ".git" / "config"
    if named["host"] and not config.exists():
        config.parent.mkdir(exist_ok=True)
        config.write_text(f"url = https://{named['host']}/{named['path']}\n", encoding="ascii")
    return (root if path.is_dir() else root / FILE_NAME,)


SOURCE = Source(
    name="codeowners",
    title="CODEOWNERS",
    reads="CODEOWNERS files of repositories, or folders of repositories",
    declares=("owners",),
    read=read,
    upload=Upload(
        hint="One CODEOWNERS file with its repository, or a ZIP of a folder of repositories.",
        asks="Repository",
        example="github.com/acme/api, or the name of its folder",
        lay_out=_lay_out,
    ),
)
