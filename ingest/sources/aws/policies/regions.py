"""Sets of resources, described by patterns, and the statements that cover them."""

from dataclasses import dataclass

from graph.aws.patterns import contains, overlaps
from ingest.sources.aws.policies.documents import Statement


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """The resources that all of `bases` match, without those that `excluded` match.

    A `literal` base is no pattern: `*` is then the resource of requests on no resource, and the
    pattern of all of IAM is covered completely or not at all.
    """

    bases: tuple[str, ...]
    excluded: tuple[str, ...] = ()
    literal: bool = False

    @property
    def name(self) -> str:
        """The pattern that a policy states for it, with what it leaves out in words."""
        left_out = f" without {', '.join(self.excluded)}" if self.excluded else ""
        return self.bases[0] + left_out


def region_of(pattern: str, name: str, how: str) -> Region:
    """Return the region of a target's name that a pattern matches (see `targets.meets`)."""
    if how == "all":
        return Region((name,))
    return Region((pattern,)) if contains(name, pattern) else Region((pattern, name))


def meet(first: Region, second: Region) -> bool:
    """Return whether two regions may have a resource in common."""
    return all(overlaps(base, other) for base in first.bases for other in second.bases)


def covers(denial: Statement, region: Region) -> bool:
    """Return whether a denial covers everything in a region."""
    if not denial.except_resources:
        return any(contains(r, base) for r in denial.resources for base in region.bases)
    if region.literal:
        return not any(contains(r, base) for r in denial.resources for base in region.bases)
    return any(
        all(
            not overlaps(left_out, base) or any(contains(e, left_out) for e in region.excluded)
            for left_out in denial.resources
        )
        for base in region.bases
    )


def touches(statement: Statement, region: Region) -> bool:
    """Return whether a statement of a boundary covers anything in a region."""
    if statement.except_resources:
        return not any(contains(r, base) for r in statement.resources for base in region.bases)
    if region.literal:
        return any(contains(r, base) for r in statement.resources for base in region.bases)
    return any(
        all(overlaps(r, base) for base in region.bases)
        and not any(contains(e, r) for e in region.excluded)
        for r in statement.resources
    )
