"""Questions about a history go on where they ended: a further snapshot costs one step."""

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from analytics.answers.drift import drift
from analytics.answers.revocation import revocation
from analytics.answers.table import as_json
from analytics.figures.revocation.endings import endings
from analytics.figures.revocation.time_to_dead import time_to_dead
from analytics.history import open_posture
from analytics.kept import answers, walk
from analytics.posture import Posture
from graph.stores import open_store
from tests.support.estates.small_estates import Estate
from tests.support.histories.kept_stores import nothing_kept, publish, read_by, renaming
from tests.support.histories.merged_things import day

STATES = 4


def lives_of_keys(posture: Posture) -> str:
    return repr(time_to_dead(posture))


def text_of(answer: Callable[[Posture], object]) -> Callable[[Posture], str]:
    return lambda posture: json.dumps(as_json(answer(posture)))


revoked = text_of(revocation)
ASKED = {"drift": text_of(drift), "revocation": revoked, "keys": lives_of_keys}


@pytest.fixture(autouse=True, scope="module")
def _all_is_worth_it():
    """Keep every answer, however little time it took."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "WORTH", 0.0)
        yield


def said(store: Path) -> dict[str, str]:
    return {name: ask(open_posture(str(store))) for name, ask in ASKED.items()}


def anew(store: Path, upto: str | None = None) -> dict[str, str]:
    """Return what is said where nothing is kept, of one posture: what is read is read once."""
    with nothing_kept():
        posture = open_posture(str(store), upto)
        return {name: ask(posture) for name, ask in ASKED.items()}


@pytest.fixture(scope="module")
def asked(tmp_path_factory) -> Path:
    """Return a store of which all was asked before its last snapshot was published."""
    store = publish(tmp_path_factory.mktemp("asked") / "store", slice(STATES - 1))
    said(store)
    return publish(store, slice(STATES - 1, STATES))


@pytest.mark.parametrize("name", list(ASKED))
def test_a_further_snapshot_is_read_with_those_just_before_it(asked, tmp_path, name):
    """A walk ends before the current snapshot, and a step reads the one before: three in all.

    Drift reads the first one, too, which shows what was approved.
    """
    store = shutil.copytree(asked, tmp_path / "store")
    allowed = {STATES - 2, STATES - 1, STATES} | ({1} if name == "drift" else set())
    assert set(read_by(lambda: ASKED[name](open_posture(str(store))))) <= allowed


@pytest.mark.parametrize("name", list(ASKED))
def test_if_nothing_were_kept_all_snapshots_would_be_read(asked, name):
    """The twin."""
    with nothing_kept():
        read = read_by(lambda: ASKED[name](open_posture(str(asked))))
    assert set(range(1, STATES)) <= set(read)


def test_a_walk_that_goes_on_says_what_a_whole_one_says(asked, tmp_path):
    """It is asked for the first time, and once more."""
    store = shutil.copytree(asked, tmp_path / "store")
    expected = anew(store)
    assert said(store) == expected
    assert said(store) == expected


def test_ids_that_are_merged_and_known_by_a_former_one_are_followed(tmp_path):
    store = renaming(tmp_path / "store")
    ids = [info.id for info in open_posture(str(store)).history.infos]
    for upto in ids:
        expected = anew(store, upto)
        for name, ask in ASKED.items():
            assert ask(open_posture(str(store), upto)) == expected[name], (upto, name)


def states_kept(store: Path) -> list[int]:
    """Return the numbers of the snapshots with a state of the ended identities beside them."""
    found = store.glob("kept/*/*/answer.json")
    named = [path for path in found if "endings:_Followed" in path.read_text()]
    return sorted(int(path.parts[-3].split("-")[0]) for path in named)


@pytest.mark.parametrize(("every", "expected"), [(2, [1, 3, 4, 5]), (16, [1, 4, 5])])
def test_old_states_make_room(tmp_path, monkeypatch, every, expected):
    """Each walk ends at the snapshot before; the first state stays, as does each second one."""
    monkeypatch.setattr(walk, "EVERY", every)
    for number in range(6):
        estate = Estate(at=day(60 + number)).agent("a").person("ann")
        with closing(open_store(str(tmp_path))) as opened, opened.lease(10) as lease:
            opened.publish(estate.facts(), lease)
        endings(open_posture(str(tmp_path)))
    assert states_kept(tmp_path) == expected


def test_a_damaged_state_is_worked_out_again(asked, tmp_path):
    store = shutil.copytree(asked, tmp_path / "store")
    expected = revoked(open_posture(str(store)))
    for path in store.glob("kept/*/*/answer.json"):
        if "endings:_Followed" in path.read_text():
            path.write_text("{}")
    shutil.rmtree(store / "kept" / open_posture(str(store)).graph.snapshot.id)
    read = read_by(lambda: revoked(open_posture(str(store))))
    assert {1, 2, 3} <= set(read)
    assert revoked(open_posture(str(store))) == expected
