"""A state or plan of Terraform, of which only addresses and the ids they belong to are taken."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph.files.bounds import bound
from graph.files.regular import InputRefused, sized_file

if TYPE_CHECKING:
    from analytics.remediation.handover.terraform import Addresses

PARTS = ("values", "planned_values", "prior_state")  # a state has the first, a plan the others


def addresses_of(path: Path | None) -> "Addresses":
    """Return the addresses in what `terraform show -json` printed; none without a file.

    Raises
    ------
    InputRefused
        The file cannot be read, or is neither.
    """
    from analytics.remediation.handover.terraform import Addresses, addresses_in

    if path is None:
        return Addresses()
    most = bound("FILE_BYTES")
    with sized_file(path, most) as file:
        document = _parsed(path, file.read(most + 1))
    if not isinstance(document, dict) or not any(part in document for part in PARTS):
        raise InputRefused(path, "", "is no output of terraform show -json, of a state or a plan")
    return addresses_in(document)


def _parsed(path: Path, content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):  # its messages quote the text, which may hold secrets
        raise InputRefused(path, "", "is not JSON") from None
