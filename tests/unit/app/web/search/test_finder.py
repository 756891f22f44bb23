"""The search finds questions: those that a page answers, and the saved ones of the console."""

from app.questions import all_questions
from app.web.search.finder import FEW, Hit, _pages
from app.web.views import all_views


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
