"""Command for the decision about one request: decide."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.command import UsageError, question
from app.cli.groups import Group
from app.cli.output.columns import Columns

if TYPE_CHECKING:
    from analytics.posture import Posture

DECIDE: dict[str, Columns] = {
    "evaluations": {
        "decision": "decision",
        "subject": lambda r: r["subject"]["id"],
        "action": lambda r: r["action"]["name"],
        "resource": lambda r: r["resource"]["id"],
        "policies": lambda r: r["policy"]["policies"],
        "because": lambda r: r.get("reason"),
    },
}


def _of_entities(given: dict[str, Any]) -> bool:
    return given["entities"] is not None


@question("decide", Group.PROOF, rows=("evaluations",), storeless=_of_entities, columns=DECIDE)
def decide(
    posture: "Posture | None",
    request: Annotated[Path, typer.Argument(help="An AuthZEN request, as a JSON file.")],
    policies: Annotated[Path, typer.Option(help="Cedar or Rego: a file, or a folder.")],
    entities: Annotated[
        Path | None, typer.Option(help="Entities in Cedar's JSON format, instead of a snapshot.")
    ] = None,
    schema: Annotated[
        Path | None, typer.Option(help="With --entities: a Cedar schema to hold both to.")
    ] = None,
    records: Annotated[
        Path | None, typer.Option(help="File of chained records to append the decision to.")
    ] = None,
) -> dict[str, Any]:
    """Decide one request by policies.

    Example: trustdebt decide request.json --policies p.cedar
    """
    from analytics.answers.decide import decide as answer
    from analytics.engines.reading import policy_set
    from app.clock import now

    if posture is not None and schema is not None:
        raise UsageError("--schema goes with --entities")
    return answer(posture, policy_set(policies), request, now(), entities, schema, records)
