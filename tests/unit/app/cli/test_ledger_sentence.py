"""The sentence of a ledger: what was repaid, apart from what only went out of sight."""

import pandas as pd

from analytics.debt.ledger.moments import Moment
from app.cli.commands.time import _balance
from tests.support.estates.small_estates import AS_OF, EVERYTHING, Estate, ago
from tests.support.histories.small_history import history_of
from tests.support.printed import ledger


def state(declares: tuple[str, ...] = EVERYTHING, sensitivity: str = "restricted") -> Estate:
    """State an agent without owners, whose access is in order but for having no end."""
    scope = [{"resource": "db", "level": "read"}]
    e = Estate(AS_OF, declares).agent("bot", aars=0, created_at=ago(70), declared_scope=scope)
    e.resource("db", sensitivity)
    return e.can("bot", "read", "db", granted_at=ago(9), expires_at=ago(-9), telemetry="true")


def sentence(before: Estate, after: Estate) -> str | None:
    before.at = AS_OF - pd.Timedelta(days=1)
    history = history_of(before, after)
    start, end = (Moment(info, info.taken_at) for info in history.infos)
    return _balance(ledger(history, start, end, ahead=False))


def test_an_owner_found_is_repaid() -> None:
    """Both roles of 30 for more than four cycles: five times 30."""
    found = state().person("ann").owned("bot", "ann", "ann")
    assert sentence(state(), found) == (
        "Debt went from 150 to 0 tp: 0 opened, 0 grew, 150 was repaid."
    )


def test_what_nobody_states_any_more_is_not_repaid() -> None:
    mute = tuple(kind for kind in EVERYTHING if kind != "owners")
    assert sentence(state(), state(mute)) == (
        "Debt went from 150 to 0 tp: 0 opened, 0 grew, 0 was repaid, 150 went out of sight."
    )
    assert sentence(state(mute), state()) == (
        "Debt went from 0 to 150 tp: 0 opened, 0 grew, 0 was repaid, 150 came into sight."
    )


def test_what_was_rescored_is_told() -> None:
    assert sentence(state(), state(sensitivity="confidential")) == (
        "Debt went from 150 to 50 tp: 0 opened, 0 grew, 0 was repaid, -100 was rescored."
    )
