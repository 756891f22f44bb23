"""The pages of which `make pictures` takes pictures show what is chosen on them."""

from pathlib import Path

from analytics.history import open_posture
from tests.e2e.conftest import Open
from tests.e2e.said import texts
from tests.support.pictures import chosen, page_text, pages


def test_each_scene_shows_what_is_chosen(open_page: Open, store: Path) -> None:
    """Of the small estate `wide` is the worst, and reaches most: databases through a role."""
    expected = {
        "card": "**Number 1** of ",
        "node": "**How it is reached at level read**",
        "edge": "**What if it were removed?**",
        "what_if": "What it no longer reaches",
        "answer": "The answer has no row.",  # nobody made anybody here
    }
    for scene in chosen(open_posture(str(store))):
        test = open_page(store, scene.page, **scene.chosen)
        assert not test.exception, scene.file
        shown = texts(test)
        assert expected[scene.file] in shown, scene.file
        if scene.heading:
            labels = [each.value for each in test.header] + [each.label for each in test.text_area]
            assert scene.heading in labels, scene.file


def test_every_scene_has_its_own_files_and_its_place_on_the_page(store: Path) -> None:
    scenes = [*pages(), *chosen(open_posture(str(store)))]
    assert len({scene.file for scene in scenes}) == len(scenes)
    text = page_text(scenes)
    assert all(f"## {scene.title}" in text for scene in scenes)
