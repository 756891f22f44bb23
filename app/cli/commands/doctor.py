"""Command that says what is set up and what is not: doctor."""

from typing import TYPE_CHECKING, Any

from app.cli.columns import Columns
from app.cli.command import SaidNo, StoreOption, question

if TYPE_CHECKING:
    from app.doctor import Diagnosis

DOCTOR: dict[str, Columns] = {
    "checks": {"check": "check", "state": "state", "detail": "detail", "to mend it": "mend"},
}


def _always(given: dict[str, Any]) -> bool:
    return True


@question("doctor", rows=("checks",), storeless=_always, columns=DOCTOR)
def doctor(posture: None, store: StoreOption = None) -> "Diagnosis":
    """Say what is set up and what is not, and how to mend it. Example: trustdebt doctor."""
    from app.doctor import diagnose

    diagnosis = diagnose(store)
    if not diagnosis.ready:
        raise SaidNo(diagnosis)
    return diagnosis
