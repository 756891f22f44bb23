"""Partial kills on random histories, against a plain count of days."""

from dataclasses import dataclass

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.figures.revocation.survival import survival
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.histories.small_history import history_of
from tests.support.printed import revocation

DAY = 86_400
SNAPSHOTS = (40, 30, 29, 10, 0)  # days ago
BOTS = tuple("abcdefghi")
PARTS = ("key", "account", "grant", "tool")
KINDS = {"key": "credential", "account": "account", "grant": "grant", "tool": "tool registration"}
NEVER = -1  # days ago, of what lives on


@dataclass
class Life:
    """The days ago on which a bot ended and its parts died; on that day it is not seen."""

    ended: int
    died: dict[str, int]

    def shows(self, part: str, day: int) -> bool:
        """Say whether a snapshot of that day shows the part alive; a grant needs its account."""
        alone = day > self.died[part]
        return alone and (part != "grant" or self.shows("account", day))

    @property
    def known(self) -> int:
        """The last snapshot with the bot in service, or the first of all."""
        before = [day for day in SNAPSHOTS if day > self.ended]
        return before[-1] if before else SNAPSHOTS[0]

    @property
    def elements(self) -> list[str]:
        """What is in the kill set."""
        return [part for part in PARTS if self.shows(part, self.known)]

    def seen(self, part: str) -> int:
        """Return the last day on which it was seen alive."""
        return min(day for day in SNAPSHOTS if day <= self.known and self.shows(part, day))

    def gone(self, part: str) -> int:
        """Return the first day after that, `NEVER` if it was seen on the last."""
        return max((day for day in SNAPSHOTS if day < self.seen(part)), default=NEVER)

    @property
    def late(self) -> set[str]:
        """What surely lived for more than a day after the end."""
        return {part for part in self.elements if self.seen(part) < self.ended - 1}

    @property
    def atomic(self) -> bool | None:
        """Whether all died within a day, None if that cannot be told."""
        if self.late:
            return False
        told = self.known > self.ended and self.elements
        return True if told and all(self.gone(p) >= self.ended - 1 for p in self.elements) else None


DAYS = st.sampled_from([NEVER, 0, 5, 10, 28, 29, 30, 35, 45])
LIVES = st.builds(
    Life,
    st.sampled_from([2, 12, 29, 30, 31, 39, 41]),
    st.fixed_dictionaries(dict.fromkeys(PARTS, DAYS)),
)


def state(lives: dict[str, Life], day: int) -> Estate:
    e = Estate(at=AS_OF - pd.Timedelta(days=day)).resource("db").thing("Tool", "mail")
    for name, life in lives.items():
        over = {"status": "disabled", "status_at": ago(life.ended)} if day <= life.ended else {}
        e.agent(name, **over)
        if life.shows("key", day):
            e.thing("Credential", f"key-{name}").link(name, "USES", f"key-{name}", id=f"u-{name}")
        if life.shows("account", day):
            e.account(f"account-{name}").link(name, "RUNS_AS", f"account-{name}", id=f"r-{name}")
        if life.shows("grant", day):
            e.can(f"account-{name}", "read", "db", id=f"grant-{name}")
        if life.shows("tool", day):
            e.link(name, "CALLS", "mail", id=f"tool-{name}")
    return e


@settings(max_examples=3)
@given(st.dictionaries(st.sampled_from(BOTS), LIVES, min_size=1))
def test_every_straggler_is_named_and_no_other(lives):
    history = history_of(*(state(lives, day) for day in SNAPSHOTS))
    answer = revocation(history.posture(history.infos[-1].id))
    rows = {row["id"]: row for row in answer["kill_sets"]}
    assert rows.keys() == lives.keys()
    for name, life in lives.items():
        row, alive = rows[name], [p for p in life.elements if life.gone(p) == NEVER]
        assert (row["elements"], row["alive"]) == (len(life.elements), len(alive))
        assert row["atomic"] is life.atomic
        late = life.late if life.ended > 1 else set()
        assert {s["id"].partition("-")[0] for s in row["stragglers"]} == late
        for straggler in row["stragglers"]:
            last = max(life.gone(straggler["id"].partition("-")[0]), 0)
            assert straggler["alive_seconds"] == (life.ended - last) * DAY
        residue = {r["id"] for r in answer["residue"] if r["of"]["id"] == name}
        assert residue == {f"{part}-{name}" for part in alive}
    speeds = {each["kind"]: each for each in answer["time_to_kill"]["by_kind"]}
    for part in PARTS:
        ends = [(x.ended, x.gone(part)) for x in lives.values() if part in x.elements]
        if not ends:
            assert KINDS[part] not in speeds
            continue
        plain = survival(
            [max(ended - max(gone, 0), 0) for ended, gone in ends],
            [gone != NEVER for _, gone in ends],
        )
        kind = speeds[KINDS[part]]
        assert (kind["median_days"], kind["p95_days"]) == (
            plain.quantile(0.5),
            plain.quantile(0.95),
        )
        assert (kind["censored"], kind["ended"]) == (
            sum(gone == NEVER for _, gone in ends),
            sum(gone != NEVER for _, gone in ends),
        )
