"""Control frameworks: one data file each, and the parsing of references to controls.

A file lists the controls that access data can cover, with their ids and titles as published. Which
rules and measures are evidence of a control follows from the references in the rules and measures,
such as `NIST CSF 2.0 PR.AA-05`.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path


class UnknownReference(ValueError):
    """A reference to a control that no framework lists."""


class UnknownFramework(Exception):
    """A name that matches no framework."""

    exit_code, code = 2, "unknown-framework"


@dataclass(frozen=True)
class Control:
    """One control, outcome, risk or technique of a framework.

    `aliases` are other ids for it, such as that of an earlier edition. `because` is the reason if
    access data cannot cover it.
    """

    id: str
    title: str
    aliases: tuple[str, ...] = ()
    because: str | None = None


@dataclass(frozen=True)
class Framework:
    """A published list of controls; `prefix` is the start of a reference to one of them.

    `applies` says to whom and from when, as far as that is no choice of the reader.
    """

    name: str
    order: int
    title: str
    version: str
    prefix: str
    pattern: str
    source: str
    controls: tuple[Control, ...]
    applies: str | None = None

    @cached_property
    def by_id(self) -> dict[str, Control]:
        """The controls by id and by alias."""
        own = {control.id: control for control in self.controls}
        return {alias: c for c in self.controls for alias in c.aliases} | own


@cache
def all_frameworks() -> dict[str, Framework]:
    """List the frameworks by name, those about agents and their identities first."""
    read = [_read(path) for path in sorted(Path(__file__).parent.glob("*.toml"))]
    return {f.name: f for f in sorted(read, key=lambda f: f.order)}


def _read(path: Path) -> Framework:
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    controls = tuple(
        Control(c["id"], c["title"], tuple(c.get("aliases", ())), c.get("because"))
        for c in document.pop("control")
    )
    return Framework(name=path.stem, controls=controls, **document)


def framework(text: str) -> Framework:
    """Return the framework by name: any unique part of its name or title.

    Raises
    ------
    UnknownFramework
    """
    known, wanted = all_frameworks(), text.strip().casefold()
    if wanted in known:
        return known[wanted]
    matching = [f for f in known.values() if wanted and wanted in f"{f.name} {f.title}".casefold()]
    if len(matching) != 1:
        raise UnknownFramework(
            f"{text!r} matches no single framework and no control; there are {', '.join(known)}"
        )
    return matching[0]


def named(text: str | None) -> list[tuple[Framework, tuple[Control, ...]]]:
    """Return the frameworks and controls that match a name; all if None.

    A control is named by its id, by an alias (that of an earlier edition), or as rules refer to it,
    such as `NIST CSF 2.0 PR.AA-05`.

    Raises
    ------
    UnknownFramework

    Examples
    --------
    >>> [(f.name, [c.id for c in controls]) for f, controls in named("pr.ac-4")]
    [('nist_csf_2_0', ['PR.AA-05'])]
    """
    if text is None:
        return [(listed, listed.controls) for listed in all_frameworks().values()]
    wanted = text.strip().casefold()
    matching: list[tuple[Framework, tuple[Control, ...]]] = []
    for listed in all_frameworks().values():
        known = {id_.casefold(): control for id_, control in listed.by_id.items()}
        control = known.get(wanted) or known.get(
            wanted.removeprefix(f"{listed.prefix.casefold()} ")
        )
        if control is not None:
            matching.append((listed, (control,)))
    if not matching:
        by_name = framework(text)
        matching.append((by_name, by_name.controls))
    return matching


@cache
def parse(reference: str) -> tuple[str, str]:
    """Return the framework name and the control id of a reference.

    A reference is the framework's prefix, the id, and the control's title or nothing.

    Raises
    ------
    UnknownReference

    Examples
    --------
    >>> parse("OWASP NHI1:2025 Improper Offboarding")
    ('owasp_nhi_2025', 'NHI1:2025')
    >>> parse("NIST CSF 2.0 PR.AC-4")  # as the edition of 2018 numbers it
    ('nist_csf_2_0', 'PR.AA-05')
    """
    for listed in all_frameworks().values():
        form = rf"{re.escape(listed.prefix)} (?P<id>{listed.pattern})(?: (?P<title>.+))?"
        if (match := re.fullmatch(form, reference)) is None:
            continue
        control = listed.by_id.get(match["id"])
        if control is not None and match["title"] in (None, control.title):
            return listed.name, control.id
    raise UnknownReference(f"no framework lists {reference!r}")
