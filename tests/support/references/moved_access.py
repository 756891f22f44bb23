"""What moves under a removal, plainly: the same estate, with what moved stated as a login again.

An account that agents logged in to, and to which no login leads any more, keeps its access for
the agents that lost it: each is said to run as it, at most at the level, and with the activation,
that its login had. An agent that runs as an account answers for it, so nothing else is judged.
"""

from collections.abc import Iterator

from graph.schema import CREDENTIAL_ENDED, LEVELS
from tests.support.estates.small_estates import TYPES, Estate, ago

Login = tuple[str, str, tuple[dict, ...]]


def rows_of(estate: Estate, name: str) -> list[dict]:
    """Return the rows that an estate states of a type or a label."""
    return next((rows for x, rows in estate.rows.items() if x.name == name), [])


def logins(estate: Estate) -> Iterator[Login]:
    """Yield agent, account and the rows of each login; a key that somebody ended is none."""
    agents = {row["id"] for row in rows_of(estate, "Agent")}
    ended = {r["id"] for r in rows_of(estate, "Credential") if r.get("status") in CREDENTIAL_ENDED}
    for row in rows_of(estate, "RUNS_AS"):
        if row["source_id"] in agents:
            yield row["source_id"], row["target_id"], (row,)
    for use in rows_of(estate, "USES"):
        for opens in rows_of(estate, "AUTHENTICATES_AS"):
            if use["target_id"] == opens["source_id"] and use["target_id"] not in ended:
                yield use["source_id"], opens["target_id"], (use, opens)


def moved(before: Estate, left: Estate) -> Estate:
    """Return what is left with what moved stated as logins."""
    other = Estate(at=left.at, declares=left.declares)
    for element, rows in left.rows.items():
        for row in rows:
            other.add(element, **row)
    accounts = {row["id"] for row in rows_of(before, "ServiceAccount")}
    trusted = {row["source_id"] for row in rows_of(before, "TRUSTS")}
    accounts |= trusted & {row["id"] for row in rows_of(before, "Role")}
    still = {account for _, account, _ in logins(left)}
    for agent, account, rows in logins(before):
        if account in accounts - still and _open(before, rows):
            ceilings = [LEVELS.index(row.get("ceiling") or "admin") for row in rows]
            facts = {"ceiling": LEVELS[min(ceilings)], "id": "m" + "".join(r["id"] for r in rows)}
            if any(row.get("eligible") for row in rows):
                facts["eligible"] = "true"
            other.add(TYPES["RUNS_AS"], source_id=agent, target_id=account, **facts)
    return other


def _open(estate: Estate, rows: tuple[dict, ...]) -> bool:
    """Whether a login is in force now."""
    now = ago(0)
    for row in rows:
        begins, ends = row.get("valid_from"), row.get("valid_to")
        if (begins is not None and begins > now) or (ends is not None and ends <= now):
            return False
    keys = {row["id"]: row for row in rows_of(estate, "Credential")}
    expires = keys.get(rows[0]["target_id"], {}).get("expires_at")
    return expires is None or expires > now
