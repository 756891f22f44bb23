"""What agents can change of themselves: instructions, access, tools, and logs that show them."""

import re

import numpy as np
import pandas as pd

from analytics.assumptions.entitlements import Entitlements, entitlements
from analytics.assumptions.model import model
from analytics.evidence.crossing import platforms
from analytics.evidence.decisions import parents
from analytics.findings.derived_control import acting_as
from analytics.posture import Posture
from analytics.usage.action_levels import LEVEL_OF_VERB, UNKNOWN, level_of
from graph.once import once
from graph.schema import AGENT, CALLS, CAN_ACCESS, LEVELS, PRINCIPALS, RESOURCE, TOOL
from graph.values import strict_json

INSTRUCTIONS, COMPUTE, ITSELF, ACCESS, TOOLS, REGISTER, LOGS = KINDS = (
    "its own instructions",
    "the compute that it runs on",
    "its own record, with owner, purpose and scope",
    "its own access",
    "a tool that it calls",
    "the register of its tools",
    "a log of its own platform",
)
COLUMNS = ["identity", "target", "kind", "row"]
WRITE = LEVELS.index("write")
CHANGES = 1 << WRITE | 1 << LEVELS.index("admin")
WORD = re.compile(r"[A-Z]?[a-z]+")
LOG_WORDS = frozenset(("log", "logs", "logging", "trail", "cloudtrail", "audit", "siem"))
REGISTER_WORDS = frozenset(("registry", "register"))
TOOL_WORDS = frozenset(("tool", "tools", "mcp"))
# What takes from a log or turns it off; whoever only adds to it leaves the rest as it is.
ENDS_LOGS = frozenset(("delete", "stop", "disable", "purge", "remove", "update", "modify"))
TAKES = (["pass"], ["assume"])  # the verbs by which an identity is used, and not changed
CHANGING = frozenset(verb for verb, level in LEVEL_OF_VERB.items() if level >= WRITE)
WILD, BETWEEN = re.compile(r"[*?]"), re.compile(r"[./ ]")  # in names, and between their parts


@once
def self_changes(posture: Posture) -> pd.DataFrame:
    """Return what each agent can change of itself, by the access that it holds as itself (cached).

    Returns
    -------
    DataFrame
        `identity` and `target` (numbers), `kind` (one of `KINDS`) and `row`, that of the grant in
        the frame of CAN_ACCESS; each once, in this order.
    """
    units = entitlements(posture, model())
    parts = [
        _named(posture, units, "charter_id", INSTRUCTIONS),
        _named(posture, units, "host_id", COMPUTE),
        _registers(posture, units),
        _logs(posture, units),
        _principals(posture),
        _tools(posture),
    ]
    rows = pd.concat(parts, ignore_index=True).drop_duplicates()
    rows = rows[posture.graph.has_label(AGENT)[rows["identity"].to_numpy(np.int64)]]
    return pd.DataFrame(rows.sort_values(COLUMNS, ignore_index=True))


def _rows(identity: np.ndarray, target: np.ndarray, kind: object, row: np.ndarray) -> pd.DataFrame:
    ends = {"identity": np.asarray(identity, np.int64), "target": np.asarray(target, np.int64)}
    return pd.DataFrame(ends | {"kind": kind, "row": np.asarray(row, np.int64)})


def _of_units(units: Entitlements, mask: np.ndarray, kind: str) -> pd.DataFrame:
    return _rows(units.identity[mask], units.resource[mask], kind, units.grant[mask])


def _named(posture: Posture, units: Entitlements, column: str, kind: str) -> pd.DataFrame:
    """Return the access to change the resource that a property of an agent names, or its parent."""
    graph, above = posture.graph, parents(posture)
    agents = graph.frames[AGENT]
    stated = np.full(len(graph.ids), -1, np.int64)
    stated[graph.numbers(agents["id"])] = graph.numbers(agents[column].fillna(""))
    own = stated[units.identity]
    outer = np.where(own >= 0, above[own], -1)
    mask = (units.level >= WRITE) & (own >= 0)
    mask &= (units.resource == own) | (units.resource == outer)
    return _of_units(units, mask, kind)


def _registers(posture: Posture, units: Entitlements) -> pd.DataFrame:
    """Return the access to change a register of tools, by identities that call any."""
    caller, called = posture.graph.ends(CALLS)
    calls = np.zeros(len(posture.graph.ids), bool)
    calls[caller[posture.graph.in_force(CALLS) & ~posture.deleted[called]]] = True
    register = _of_type(posture, REGISTER_WORDS) & _of_type(posture, TOOL_WORDS)
    mask = (units.level >= WRITE) & register[units.resource] & calls[units.identity]
    return _of_units(units, mask, REGISTER)


def _logs(posture: Posture, units: Entitlements) -> pd.DataFrame:
    """Return the access to take from the logs of an identity's platform, or to turn them off.

    Where the actions of a grant are not known, the level counts; where the platform of either is
    not stated, they may be the same.
    """
    platform = platforms(posture)
    own, other = platform[units.identity], platform[units.resource]
    mask = (units.level >= WRITE) & _of_type(posture, LOG_WORDS)[units.resource]
    mask &= (own == other) | (own == "") | (other == "")
    at = np.flatnonzero(mask)
    actions = posture.graph.frames[CAN_ACCESS]["actions"].iloc[units.grant[at]]
    mask[at] = [_ends_logs(text) for text in actions]
    return _of_units(units, mask, LOGS)


def _ends_logs(actions: object) -> bool:
    names = _list(actions)
    return not names or any(_ends(name) for name in names)


def _ends(action: str) -> bool:
    name, is_open = _name(action)
    return not ENDS_LOGS.isdisjoint(_words(name)) or (is_open and _may_become(name, ENDS_LOGS))


def _of_type(posture: Posture, words: frozenset[str]) -> np.ndarray:
    """Return a mask of the resources whose type has one of these words."""
    frame, mask = posture.graph.frames[RESOURCE], np.zeros(len(posture.graph.ids), bool)
    types = frame["type"].fillna("")
    named = [t for t in types.unique() if words & {w.lower() for w in WORD.findall(t)}]
    mask[posture.graph.numbers(frame["id"][types.isin(named)])] = True
    return mask


def _principals(posture: Posture) -> pd.DataFrame:
    """Return the grants to change an identity, by those who act as it."""
    rows = _grants_on(posture, posture.graph.has_label(*PRINCIPALS))
    target = rows["target"].to_numpy(np.int64)
    nodes = np.unique(target)
    place, item = acting_as(posture, nodes)
    size = np.int64(len(posture.graph.ids))
    own = posture.accountable[place] * size + nodes[item]
    rows = rows[np.isin(rows["identity"].to_numpy(np.int64) * size + target, own)]
    itself = (rows["identity"] == rows["target"]).to_numpy(bool)
    return rows.assign(kind=np.where(itself, ITSELF, ACCESS).astype(object))[COLUMNS]


def _tools(posture: Posture) -> pd.DataFrame:
    """Return the grants to change a tool, by those who call it."""
    graph = posture.graph
    rows = _grants_on(posture, graph.has_label(TOOL) & ~posture.deleted)
    caller, tool = (end[graph.in_force(CALLS)].astype(np.int64) for end in graph.ends(CALLS))
    size = np.int64(len(graph.ids))
    pairs = rows["identity"].to_numpy(np.int64) * size + rows["target"].to_numpy(np.int64)
    return rows[np.isin(pairs, caller * size + tool)].assign(kind=TOOLS)[COLUMNS]


def _grants_on(posture: Posture, targets: np.ndarray) -> pd.DataFrame:
    """Return the grants to change a node in a mask, for each identity that acts as their holder."""
    graph = posture.graph
    holder, target = graph.ends(CAN_ACCESS)
    row = np.flatnonzero(graph.in_force(CAN_ACCESS) & targets[target])
    row = row[_changing(posture, row)]
    if not len(row):
        return pd.DataFrame(dict.fromkeys(("identity", "holder", "target", "row"), row))
    nodes = np.unique(holder[row])
    place, item = acting_as(posture, nodes)
    acting = pd.DataFrame({"identity": posture.accountable[place], "holder": nodes[item]})
    grants = pd.DataFrame(
        {"holder": holder[row], "target": target[row].astype(np.int64), "row": row}
    )
    return acting.astype(np.int64).merge(grants.astype(np.int64), on="holder")


def _changing(posture: Posture, row: np.ndarray) -> np.ndarray:
    """Return a mask of the grants that change their target, by their levels or their actions."""
    actions = posture.graph.frames[CAN_ACCESS]["actions"].iloc[row]
    by_action = [any(_changes(name) for name in _list(text)) for text in actions]
    return np.asarray((posture.graph.levels[row] & CHANGES > 0) | np.array(by_action, bool))


def _changes(action: str) -> bool:
    name, is_open = _name(action)
    if _words(name)[:1] in TAKES:
        return False
    level = level_of(name if is_open else action)
    return level >= WRITE or (is_open and level == UNKNOWN and _may_become(name, CHANGING))


def _name(action: str) -> tuple[str, bool]:
    """Return the name of an action, without its service, and whether it is a pattern of names.

    Of a pattern it is what stands before the first wildcard: nothing, if all but some are meant.

    >>> _name("iam:GetRole"), _name("iam:Get*"), _name("NotAction(iam:Get*)")
    (('GetRole', False), ('Get', True), ('', True))
    """
    if action.startswith("NotAction("):
        return "", True
    name, *rest = WILD.split(action.rpartition(":")[2])
    return name, bool(rest)


def _may_become(name: str, verbs: frozenset[str]) -> bool:
    """Return whether the beginning of a name may be that of a name with one of these verbs.

    >>> [_may_become(name, frozenset(["delete"])) for name in ("", "Del", "logs.", "Get", "GetLog")]
    [True, True, True, False, False]
    """
    words = _words(BETWEEN.split(name)[-1])
    return not words or (len(words) == 1 and any(verb.startswith(words[0]) for verb in verbs))


def _words(name: str) -> list[str]:
    return [word.lower() for word in WORD.findall(name)]


def _list(text: object) -> list[str]:
    value = strict_json(text) if isinstance(text, str) else []
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []
