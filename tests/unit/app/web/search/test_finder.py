"""The search finds questions: those that a page answers, and the saved ones of the console."""

import pytest

from app.questions import all_questions
from app.web.page.tasks import Cancelled
from app.web.search import finder
from app.web.search.finder import FEW, Hit, _pages, _results
from app.web.views import all_views
from tests.support.estates.small_estates import Estate


def questions(text: str) -> tuple[list[Hit], int]:
    groups = {group.title: group for group in _pages(list(all_views().values()), text)}
    return list(groups["Questions"].shown), groups["Questions"].count


def test_every_saved_question_is_found_by_its_own_words() -> None:
    for name, each in all_questions().items():
        hits, _ = questions(each.question.upper())
        assert [(hit.page, hit.address) for hit in hits] == [("console", {"question": name})]


def test_more_than_are_shown_are_counted() -> None:
    hits, count = questions("which")
    assert len(hits) == FEW < count


def test_where_the_findings_were_cancelled_the_rest_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def cancelled(_: object) -> None:
        raise Cancelled("Looking for findings…")

    monkeypatch.setattr(finder, "findings", cancelled)
    posture = Estate().agent("reviews-bot").quick()
    groups = list(_results(posture, [*all_views().values()], "reviews"))
    assert groups[0].shown[0].words == "reviews-bot"
    assert any(hit.page == "reviews" for group in groups for hit in group.shown)
