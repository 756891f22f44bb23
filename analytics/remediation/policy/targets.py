"""Targets of permissions as policies name them: plain names, patterns of names, accounts."""

import re
from dataclasses import dataclass

import numpy as np

from analytics.posture import Posture
from graph.aws.arn import is_account, parse
from graph.aws.patterns import is_wild
from graph.aws.resources import covered_names, names_of
from graph.once import once
from graph.schema import RESOURCE

PATTERN_TYPES = (" pattern", " resources")  # ends of the types that sources give to patterns
PLAIN = re.compile(r"arn:[a-z0-9-]+:[a-z0-9-]+:([a-z0-9-]*|\*):[A-Za-z0-9-]*:[!-~\u00a1-\u00ff]+")
WILD = re.compile(r"arn:[a-z0-9-]+:[a-z0-9-]+:[A-Za-z0-9*?-]*:[A-Za-z0-9*?-]*:[!-~\u00a1-\u00ff]+")
VARIABLE = "${"  # begins a policy variable, also where a name only happens to hold it


@dataclass(frozen=True)
class Aws:
    """A target of AWS: `names` are the resource names, or patterns, that a policy states for it."""

    service: str
    names: tuple[str, ...]
    account: bool = False
    principal: bool = False


class NotAws(ValueError):
    """A target that no policy of AWS can name; the text says why."""


@once
def patterns(posture: Posture) -> np.ndarray:
    """Return a mask of the resources that stand for a pattern of names, by what sources say."""
    mask = np.zeros(len(posture.graph.ids), bool)
    frame = posture.graph.frames[RESOURCE]
    stated = frame["type"].fillna("").str.endswith(PATTERN_TYPES).to_numpy(bool)
    mask[posture.graph.numbers(frame["id"][stated])] = True
    return mask


def aws_target(id_: str, pattern: bool) -> Aws:
    """Return how a policy of AWS names a thing with an id, which may be a pattern.

    Raises
    ------
    NotAws

    Examples
    --------
    >>> aws_target("arn:aws:s3:::b", False).names
    ('arn:aws:s3:::b', 'arn:aws:s3:::b/*')
    >>> aws_target("db:ledger", False)
    Traceback (most recent call last):
    analytics.remediation.policy.targets.NotAws: it is no resource of AWS
    """
    arn = parse(id_)
    if arn is None:
        raise NotAws("it is no resource of AWS")
    if is_account(id_):
        return Aws("", ("*",), account=True)
    if VARIABLE in id_:
        raise NotAws("its name would be read as a policy variable")
    if not pattern and (is_wild(arn.resource) or is_wild(arn.account)):
        raise NotAws("its name would be read as a pattern of names")
    if not (WILD if pattern else PLAIN).fullmatch(id_):
        raise NotAws("its name is no name of a resource of AWS")
    names = (covered_names(id_) if pattern else ()) or names_of(id_)
    return Aws(arn.service, names, principal=arn.is_principal)


def is_name(text: str) -> bool:
    """Return whether a policy of AWS can state a text as a name or a pattern of names.

    >>> is_name("arn:aws:s3:::b/logs/*"), is_name("arn:aws:s3:::${x}"), is_name("all but b")
    (True, False, False)
    """
    return VARIABLE not in text and WILD.fullmatch(text) is not None


def wide_names(posture: Posture, target: int) -> tuple[str, ...]:
    """Return the patterns of names that a policy would state for a target; none for accounts."""
    try:
        named = aws_target(str(posture.graph.ids[target]), bool(patterns(posture)[target]))
    except NotAws:
        return ()
    return () if named.account else tuple(name for name in named.names if is_wild(name))
