"""Answers kept beside a snapshot: never one of before, or damaged, and gone when pruned."""

import gc
import json
import re
import shutil
from pathlib import Path

import pytest

from analytics import past
from analytics.answers import board
from analytics.answers.ahead import all_steps, judge_ahead
from analytics.answers.debt import debt
from analytics.answers.findings import findings
from analytics.answers.table import as_json
from analytics.assumptions.model import model
from analytics.history import open_posture
from analytics.kept import answers
from app.cli.options.usual import LIMIT
from graph.journal.failed_reads import FailedRead, keep_failed
from graph.journal.journal import journal_of
from graph.machine.kept_switch import SWITCH
from graph.seal.key import new_key, using
from graph.stores import kept_files, open_store
from tests.integration.cli import example
from tests.support.estates.small_estates import AS_OF
from tests.support.histories.kept_stores import publish


@pytest.fixture(autouse=True)
def _all_is_worth_it(monkeypatch):
    """Keep every answer, however little time it took."""
    monkeypatch.setattr(answers, "WORTH", 0.0)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    return publish(tmp_path_factory.mktemp("made") / "store", slice(2))


@pytest.fixture
def store(made, tmp_path) -> Path:
    """Return a store of two snapshots, with no kept answer."""
    return shutil.copytree(made, tmp_path / "store")


@pytest.fixture(scope="module")
def whole(made) -> str:
    """Return what `said` is of such a store, all of it worked out."""
    with pytest.MonkeyPatch.context() as patch:
        return anew(patch, made)


@pytest.fixture(scope="module")
def asked_once(made, tmp_path_factory) -> Path:
    """Ask everything of a copy, so that all answers are kept beside it."""
    store = tmp_path_factory.mktemp("asked") / "store"
    shutil.copytree(made, store)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "WORTH", 0.0)
        said(store)
    return store


@pytest.fixture
def filled(asked_once, tmp_path) -> Path:
    """Return a store of two snapshots, with all answers."""
    return shutil.copytree(asked_once, tmp_path / "filled")


def said(store: Path, *asked, at=None) -> str:
    """Return what the findings, the debt and the grade are, as text."""
    posture = open_posture(str(store), as_of=at)
    scope = board.scope_of(posture)
    made = [
        findings(posture),
        debt(posture, "identity", True, 0, None, *asked),
        board.standing(posture, scope),
        board.headlines(posture, scope),
        board.teams(posture),
        board.quarter(posture, scope),
    ]
    return json.dumps([as_json(each) for each in made])


def anew(monkeypatch, store: Path, *asked, at=None) -> str:
    """Return the same, all of it worked out."""
    with monkeypatch.context() as patch:
        patch.setenv(SWITCH, "off")
        return said(store, *asked, at=at)


def places(store: Path) -> list[Path]:
    return sorted((store / "kept").glob("0*/*"))


def count(monkeypatch) -> list[str]:
    """Return a list that grows by the rule that is judged, each time one is."""
    from analytics.findings import evaluation

    judged: list[str] = []
    real = evaluation._findings

    def watched(posture, rule):
        judged.append(rule.id)
        return real(posture, rule)

    monkeypatch.setattr(evaluation, "_findings", watched)
    return judged


def test_what_is_kept_is_what_is_worked_out_and_is_not_worked_out_again(store, whole, monkeypatch):
    assert not places(store)
    judged = count(monkeypatch)
    assert said(store) == whole
    assert len(judged) > 20
    assert len(places(store)) >= 6
    judged.clear()
    assert said(store) == whole
    assert not judged


# ---------------------------------------------------------------- each input in turn


def _snapshot(store, monkeypatch):
    publish(store, slice(2, 3))


def _attestation(store, monkeypatch):
    posture = open_posture(str(store))
    rows = findings(posture, "OWN-01").findings.frame
    thing = posture.graph.thing(int(rows["subject"].iloc[0]))["id"]
    person = posture.graph.frames[_human()]["id"].iloc[0]
    journal_of(str(store)).attest(
        thing, person, "business", "Ann", "asked", posture.graph.as_of - _days(1)
    )


def _human():
    from graph.schema import HUMAN

    return HUMAN


def _acceptance(store, monkeypatch):
    posture = open_posture(str(store))
    row = findings(posture).findings.frame.iloc[0]
    until = posture.graph.as_of + (AS_OF - AS_OF.floor("D")) + _days(400)
    about = [posture.graph.thing(int(row["subject"]))["id"]]
    journal_of(str(store)).accept(row["id"], until, "Ann", "known", posture.graph.as_of, about)


def _days(count):
    import pandas as pd

    return pd.Timedelta(days=count)


def _failed(store, monkeypatch):
    failed = FailedRead("okta", "prod", AS_OF, "users.json", "line 1", "is not JSON")
    assert keep_failed(store / "journal.sqlite", [failed])


def _code(store, monkeypatch):
    monkeypatch.setattr(answers, "code_version", lambda *_: "another0")


@pytest.mark.parametrize("change", [_snapshot, _attestation, _acceptance, _failed, _code])
def test_after_a_change_everything_is_worked_out_again(filled, whole, monkeypatch, change):
    change(filled, monkeypatch)
    judged = count(monkeypatch)
    after = said(filled)
    assert judged
    assert after == (whole if change is _code else anew(monkeypatch, filled))
    if change not in (_failed, _code):
        assert after != whole


def test_before_a_change_nothing_is_worked_out_again(filled, whole, monkeypatch):
    """The twin: the copy of a store that was asked answers from what is kept."""
    judged = count(monkeypatch)
    assert said(filled) == whole
    assert not judged


def test_another_instant_has_answers_of_its_own(filled, whole, monkeypatch):
    at = open_posture(str(filled)).graph.as_of + _days(40)
    expected = anew(monkeypatch, filled, at=at)
    for _ in range(2):
        assert said(filled, at=at) == expected != whole
        assert said(filled) == whole


def owed(store: Path, *asked, at=None) -> str:
    """Return the debt, item by item, as text."""
    posture = open_posture(str(store), as_of=at)
    return json.dumps(as_json(debt(posture, "identity", True, 0, None, *asked)))


def test_another_model_and_an_instant_before_have_debts_of_their_own(filled, monkeypatch):
    """Of all that `said` asks, nothing but the debt rests on a model."""
    now = open_posture(str(filled)).graph.as_of
    other = model().__class__(**{**vars_of(model()), "cap": 1.0})
    ways = [((), None), ((other,), None), ((), now - _days(9))]
    with monkeypatch.context() as patch:
        patch.setenv(SWITCH, "off")
        expected = [owed(filled, *asked, at=at) for asked, at in ways]
    for _ in range(2):
        assert [owed(filled, *asked, at=at) for asked, at in ways] == expected
    assert len(set(expected)) == 3


def vars_of(of):
    return {name: getattr(of, name) for name in of.__dataclass_fields__}


def test_without_a_key_of_all_it_rests_on_an_old_answer_would_be_shown(filled, whole, monkeypatch):
    """The twin: what these tests look for happens, if decisions are no part of the key."""
    real, then = answers._moment, open_posture(str(filled)).history.decisions()
    monkeypatch.setattr(answers, "_moment", lambda end, _: real(end, then))
    _acceptance(filled, monkeypatch)
    assert said(filled) == whole
    assert anew(monkeypatch, filled) != whole


def test_what_a_posture_of_before_says_after_a_decision_is_not_kept(store, monkeypatch):
    posture = open_posture(str(store))
    before = json.dumps(as_json(debt(posture)))  # its parts stay in memory
    _attestation(store, monkeypatch)
    known = places(store)
    assert json.dumps(as_json(debt(posture))) == before
    assert places(store) == known


def test_with_faults_nothing_is_kept(store, whole, monkeypatch):
    from analytics.findings.rules import admin_or_wildcard

    def broken(posture):
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(admin_or_wildcard, "usual_entitlements", broken)
        posture = open_posture(str(store))
        findings(posture)
        assert posture.faults
    assert not places(store)
    assert said(store) == whole


# ---------------------------------------------------------------- the files


def _cut(file):
    file.write_bytes(file.read_bytes()[:-3])


def _flip(file):
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))


def _empty(file):
    file.write_bytes(b"")


def _gone(file):
    file.unlink()


@pytest.mark.parametrize("harm", [_cut, _flip, _empty, _gone])
def test_a_damaged_answer_is_worked_out_again(filled, whole, monkeypatch, harm):
    files = [file for place in places(filled) for file in place.iterdir()]
    assert len(files) > 10
    for file in files:
        harm(file)
    judged = count(monkeypatch)
    assert said(filled) == whole
    assert judged


def test_a_snapshot_whose_file_was_written_to_has_no_kept_answers(filled):
    current = open_store(str(filled)).current()
    file = filled / "snapshots" / current.id / "Agent.parquet"
    _flip(file)
    from graph.stores import StoreDamaged

    with pytest.raises(StoreDamaged):
        said(filled)


def test_a_store_that_nobody_may_write_to_answers_all_the_same(store, whole, monkeypatch):
    monkeypatch.setattr(kept_files, "private_folder", _refused)
    assert said(store) == whole
    assert not places(store)


def _refused(path):
    raise PermissionError(13, "not allowed", str(path))


def test_what_is_kept_goes_with_its_snapshot(filled):
    known = [info.id for info in open_store(str(filled)).snapshots()]
    files = kept_files.kept_files(str(filled))
    files.tidy(known)
    assert places(filled)
    files.tidy(known[:1])
    assert {place.parent.name for place in places(filled)} <= {known[0]}


def test_only_so_many_are_kept_those_used_last(store, monkeypatch):
    monkeypatch.setattr(kept_files, "MOST", 4)
    said(store)
    counts = [len(list(folder.iterdir())) for folder in sorted((store / "kept").glob("0*"))]
    assert counts[-1] == max(counts) == 4


def test_code_of_each_folder_that_makes_answers_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(past, "CODE", tmp_path)
    seen = []
    for folder in ("nothing yet", "analytics", "app", "graph"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "module.py").write_text("answer = 42\n")
        past.code_version.cache_clear()
        seen.append(answers._code())
    past.code_version.cache_clear()
    assert len(set(seen)) == 4


def test_what_other_code_kept_goes_when_this_code_keeps_something(filled, monkeypatch):
    snapshot = places(filled)[-1].parent
    before = set(snapshot.iterdir())
    _code(filled, monkeypatch)
    findings(open_posture(str(filled)))
    assert set(snapshot.iterdir())
    assert not set(snapshot.iterdir()) & before


def test_who_has_no_key_cannot_change_a_kept_answer(tmp_path):
    key = new_key(tmp_path / "key").path
    with using(key):
        store = publish(tmp_path / "store", slice(1))
        whole = grades(store)
    for place in places(store):
        forge(place / "answer.json")
    assert grades(store) != whole  # the twin: without the key, nobody can tell
    with using(key):
        assert grades(store) == whole


def grades(store: Path) -> str:
    posture = open_posture(str(store))
    return json.dumps(as_json(board.standing(posture, board.scope_of(posture))))


def forge(file: Path) -> None:
    """Change every grade in a kept answer, with the hash that it should then have."""
    outer = json.loads(file.read_text())
    text = re.sub('"grade": "[A-F]"', '"grade": "X"', outer["answer"])
    file.write_text(
        json.dumps(outer | {"answer": text, "sha256": kept_files.sha256(text.encode())})
    )


def test_what_is_judged_ahead_is_what_is_asked_first(store, monkeypatch):
    told = []
    monkeypatch.setattr(answers, "WORTH", 1e9)  # ahead, what takes little is kept as well
    assert judge_ahead(lambda: open_posture(str(store)), told.append) is None
    assert len(told) == len(all_steps()) > 0
    judged = count(monkeypatch)
    posture = open_posture(str(store))
    scope = board.scope_of(posture)
    board.move(posture, scope, board.standing(posture, scope))
    board.gaps(posture, scope, AS_OF)
    findings(posture, limit=LIMIT)
    assert not judged
    assert "escalated" not in vars(posture)  # nor what reach rests on, which takes longest


# ---------------------------------------------------------------- by ingest


def test_ingest_drops_what_is_kept_of_the_snapshots_that_it_prunes(cli, filled, tmp_path):
    first, last = open_store(str(filled)).snapshots()
    debt(open_posture(str(filled), first.id))
    assert {place.parent.name for place in places(filled)} == {first.id, last.id}
    gc.collect()  # what looked at a snapshot holds it
    folder = example().write(tmp_path / "estate")
    cli("ingest", "estate", folder, "--store", filled, "--keep", 2)
    left = {info.id for info in open_store(str(filled)).snapshots()}
    assert first.id not in left
    assert {place.parent.name for place in places(filled)} == {last.id}
