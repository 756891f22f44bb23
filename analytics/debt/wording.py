"""Sentences for why an item of debt is owed, or why it cannot be judged."""

from collections.abc import Mapping

BROKEN: Mapping[str, str] = {
    "owner": "Nobody active answers for {identity} in the {about} role{since}.",
    "scope": "{level} on {resource} is not in the declared scope of {identity}.",
    "necessity": "{level} on {resource} was not used for longer than {unused} days.",
    "standing": "{level} on {resource} never ends by itself.",
    "outlived": "{level} on {resource} should have ended{on} and is still there.",
    "review": "Nobody approved {level} on {resource} within {review} days.",
    "evidence": "No decision explains {share} of the recent uses of {level} on {resource}.",
    "cred_storage": "{about} is kept outside a secret manager.",
    "cred_age": "{about} is valid for longer than {credential} days and older than that.",
    "cred_auth": "{about} authenticates weakly.",
    "cred_shared": "{about} is shared by several agents, or opens several environments.",
    "cred_human": "A person was seen using {about}.",
    "env": "{identity} is not in production and has {level} on {resource}, which is.",
    "third_party": "{identity} is run by another organisation and nobody vetted it.",
    "sod": "{identity} must not hold both sides of {about}.",
}
UNKNOWN: Mapping[str, str] = {
    "owner": "No source says who owns {identity} in the {about} role.",
    "scope": "No source says for what {identity} was approved.",
    "necessity": "Nobody would see whether {level} on {resource} is used now.",
    "review": "No source says whether {level} on {resource} was ever approved.",
    "evidence": "It is not known whether decisions explain the uses of {level} on {resource}.",
    "cred_storage": "No source says where {about} is kept.",
    "cred_age": "No source says how old {about} is.",
    "cred_auth": "No source says how well {about} authenticates.",
    "env": "No source says in which environment {identity} or {resource} is.",
    "third_party": "No source says whether {identity}, run by another organisation, was vetted.",
}

KINDS: Mapping[str, str] = {  # what the items of an assumption are, as one kind of thing
    "owner": "access that lacks an owner",
    "scope": "access beyond what was approved",
    "necessity": "access that nobody uses",
    "standing": "access that never ends",
    "outlived": "access that should have ended",
    "review": "access that nobody reviewed",
    "evidence": "use without a decision",
    "cred_storage": "secrets outside a secret manager",
    "cred_age": "credentials that were not rotated",
    "cred_auth": "weak authentication",
    "cred_shared": "shared credentials",
    "cred_human": "credentials that people use as well",
    "env": "access into production from outside it",
    "third_party": "third parties that nobody vetted",
    "sod": "both sides of a duty in one hand",
}


def why(assumption: str, known: bool, facts: Mapping[str, str]) -> str:
    """Return the sentence for a broken item, or for one that cannot be judged."""
    return (BROKEN if known else UNKNOWN)[assumption].format_map(facts)
