"""The life of a finding whose two ends are stated by different sources."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from analytics.findings.lifecycle.states import STATES
from analytics.history import open_posture
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.few_rules import only_families, only_rules
from tests.support.printed import findings


@pytest.fixture(autouse=True)
def _few_rules() -> Iterator[None]:
    with (
        only_rules("secret_outside_vault", "owner_departed"),
        only_families("credentials", "ownership"),
    ):
        yield


def cloud(days: float) -> Estate:
    """Build the agent and who owns it, as stated so many days before; it could state keys too."""
    e = Estate(source="cloud", declares=["grants", "credentials", "owners"])
    e.at = AS_OF - pd.Timedelta(days=days)
    return e.agent("bot").owned("bot", "zed", "zed")


def code(days: float, storage: str | None = "code", complete: bool = True) -> Estate:
    """Build the key of the agent, which another source states; without `storage`, not any more."""
    declares = ["grants"] if storage is None else ["credentials"]
    e = Estate(source="code", declares=declares, complete=complete)
    e.at = AS_OF - pd.Timedelta(days=days)
    if storage is None:
        return e.agent("other")
    e.thing("Credential", "k", status="active", storage=storage)
    return e.link("bot", "USES", "k")


def people(days: float, silent: bool = False) -> Estate:
    """Build the owner, who left, as the register of people states it, unless it is silent."""
    e = Estate(source="hr", declares=["grants"] if silent else ["owners"])
    e.at = AS_OF - pd.Timedelta(days=days)
    return e.agent("other") if silent else e.person("zed", left=ago(90))


def states(store: Path, *snapshots: tuple[Estate, ...]) -> dict[str, str]:
    """Publish snapshots, and return the state of each finding about the agent, by rule."""
    for estates in snapshots:
        ingest(ParquetStore(store), [e.job() for e in estates], max_loss=100)
    rows = findings(open_posture(str(store), None, None), states=STATES)["findings"]
    return {row["rule"]: row["state"] for row in rows if row["subject"]["id"] == "bot"}


FIRST = (cloud(30), code(30), people(30))


def test_a_key_whose_own_source_is_silent_is_not_known_to_be_safe(tmp_path):
    """The agent is still stated; that its key is kept in code is as it was last seen."""
    assert states(tmp_path / "s", FIRST) == {"CRD-02": "open", "OWN-02": "open"}
    last = (cloud(0), code(0, None), people(0))
    assert states(tmp_path / "s", last) == {"CRD-02": "stale_evidence", "OWN-02": "open"}


def test_a_partial_read_of_the_source_of_the_key_resolves_nothing(tmp_path):
    last = (cloud(0), code(0, "vault", complete=False), people(0))
    assert states(tmp_path / "s", FIRST, last)["CRD-02"] == "stale_evidence"


def test_a_key_that_its_source_states_to_be_in_a_vault_is_resolved(tmp_path):
    last = (cloud(0), code(0, "vault"), people(0))
    assert states(tmp_path / "s", FIRST, last)["CRD-02"] == "resolved"


def test_a_key_that_its_source_no_longer_has_is_resolved(tmp_path):
    last = cloud(0), Estate(source="code", declares=["credentials"]).agent("other"), people(0)
    assert states(tmp_path / "s", FIRST, last)["CRD-02"] == "resolved"


def test_an_owner_whose_own_source_is_silent_is_not_known_to_be_back(tmp_path):
    """Nobody states any more that the owner left; the agent's source goes on naming the owner."""
    last = (cloud(0), code(0), people(0, silent=True))
    found = states(tmp_path / "s", FIRST, last)
    assert found == {"CRD-02": "open", "OWN-02": "stale_evidence"}
