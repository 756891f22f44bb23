"""Every source meets every hostile export: the stated error or a row set aside, within bounds."""

import json
import os
import subprocess
import sys
from pathlib import Path, PurePath

import pytest

import ingest.files.bounded
import ingest.sources.estate.native
from tests.support.exports.small_exports import EXPORTS
from tests.support.hostile import worker
from tests.support.hostile.exports import CASES
from tests.support.search import searching

ROOT = Path(__file__).parents[2]
GIB = 1 << 30
LINK = "link out of the folder"
OF_A_FORMAT = {  # one source for the formats of the files of an export
    frozenset(PurePath(file).suffix for file in exports[0]): source
    for source, exports in reversed(EXPORTS.items())
}
SOURCES = tuple(EXPORTS) if searching() else tuple(OF_A_FORMAT.values())


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Try every source, each in a process that may have one gibibyte."""
    folder = tmp_path_factory.mktemp("tried")
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.hostile.worker", folder, *SOURCES],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_meets_every_hostile_export(source: str, tried: Path) -> None:
    """Nothing ends in a fault or a hang, in a process that may have one gibibyte."""
    assert (tried / f"{source}.code").read_text() == "0", (tried / f"{source}.err").read_text()
    *cases, peak = map(json.loads, (tried / f"{source}.out").read_text().splitlines())
    wrong = [one for one in cases if one[2] not in CASES[one[1]].allowed]
    assert wrong == []
    assert len(cases) >= 25
    assert peak < GIB


@pytest.mark.parametrize("source", ["a2a", "estate"])
def test_a_link_is_followed_where_nothing_looks_at_it(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the check, what stands outside the folder would be kept."""
    export = EXPORTS[source][0]
    found = worker.attempt(source, CASES[LINK], export)
    assert found is not None
    assert found[0] == "refused"
    for module in (ingest.files.bounded, ingest.sources.estate.native):
        monkeypatch.setattr(module, "refuse_link_out", lambda *_: None)
    found = worker.attempt(source, CASES[LINK], export)
    assert found is not None
    assert "outside the folder" in found[1]
