"""Command that says what is set up and what is not: doctor."""

from typing import TYPE_CHECKING

from app.cli.command import SaidNo, always, question
from app.cli.groups import Group
from app.cli.options.usual import StoreOption

if TYPE_CHECKING:
    from app.doctor import Diagnosis


@question("doctor", Group.BEGIN, rows=("checks",), storeless=always)
def doctor(posture: None, store: StoreOption = None) -> "Diagnosis":
    """Say what is set up, what is not, and how to mend it.

    Example: trustdebt doctor
    """
    from app.doctor import diagnose

    diagnosis = diagnose(store)
    if not diagnosis.ready:
        raise SaidNo(diagnosis)
    return diagnosis
