"""Sign-in by OpenID Connect: a real provider, the real server, and a browser between them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from analytics.history import open_posture
from graph.journal.journal import journal_of
from tests.e2e.people import SETUP, heading, identity_provider, running, sign_in
from tests.support.printed import findings

KNOWN = {"ann": ["owner"], "bob": ["viewer"], "cat": []}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with identity_provider(tmp_path_factory.mktemp("provider")) as address:
        yield address


@pytest.fixture(scope="module")
def setup(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("people") / "people.toml"
    file.write_text(SETUP.format(provider=provider))
    return file


@pytest.fixture(scope="module")
def own(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(store, tmp_path_factory.mktemp("signed") / "s"))


@pytest.fixture(scope="module")
def app(setup: Path, own: Path) -> Iterator[str]:
    with running(["--sign-in", str(setup)], own, setup.parent) as address:
        yield address


@pytest.fixture(scope="module")
def profile(chromium: Browser) -> Iterator[BrowserContext]:
    """Keep what all windows share, so that only the first compiles the scripts of the app."""
    context = chromium.new_context(
        viewport={"width": 1440, "height": 1200}, reduced_motion="reduce"
    )
    yield context
    context.close()


@pytest.fixture
def page(app: str, provider: str, profile: BrowserContext) -> Iterator[Page]:
    """Open a window of nobody yet; the provider knows the people with their groups."""
    for subject, groups in KNOWN.items():
        known(provider, subject, groups)
    window = profile.new_page()
    window.set_default_timeout(30_000)
    window.goto(app)
    yield window
    window.close()
    profile.clear_cookies()


def known(provider: str, subject: str, groups: list[str]) -> None:
    claims = {"email": f"{subject}@acme.test", "email_verified": True, "groups": groups}
    assert httpx.put(f"{provider}/users/{subject}", json=claims).is_success


def test_who_signs_in_decides_as_the_person_that_the_snapshot_knows(
    page: Page, app: str, own: Path, provider: str
) -> None:
    assert heading(page) == "Sign in"
    assert "wide-bot" not in page.content()
    sign_in(page, "ann")
    expect(page.get_by_role("heading", name="Posture")).to_be_visible()
    assert page.get_by_role("link", name="Audit").count() == 0
    rows = findings(open_posture(str(own)))["findings"]
    finding = next(row["id"] for row in rows if row["subject"]["id"] == "clean-1")
    page.goto(f"{app}/findings?finding={finding}")
    page.get_by_text("Accept this risk for a time").click()
    page.get_by_role("radio", name="30 days").click()
    expect(page.get_by_text("You decide as ann@")).to_be_visible()
    page.get_by_label("Why").fill("replaced by then")
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(page.get_by_text("Withdraw the acceptance")).to_be_visible()
    (entry,) = journal_of(str(own)).entries()
    assert (entry.by, entry.signed_in, entry.account) == ("ann", True, f"{provider}|ann")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="End session").click()  # the provider's own page
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_role_that_is_taken_away_counts_when_the_sign_in_is_too_old(
    page: Page, app: str, provider: str, setup: Path
) -> None:
    """Until then the claims of the browser count, after a reload as well."""
    sign_in(page, "ann")
    expect(page.get_by_role("heading", name="Posture")).to_be_visible()
    known(provider, "ann", [])
    page.goto(f"{app}/findings")
    assert heading(page) == "Findings"
    before = setup.read_text()
    setup.write_text(before + '[session]\nmax_age = "1ms"\n')
    page.reload()
    assert heading(page) == "Sign in"
    expect(page.get_by_text("Yours is older")).to_be_visible()
    setup.write_text(before)
    page.context.clear_cookies()
    page.goto(app)
    sign_in(page, "ann")
    expect(page.get_by_role("heading", name="You have no role here")).to_be_visible()


def test_a_viewer_comes_back_to_the_page_and_is_told_what_it_takes(page: Page, app: str) -> None:
    """A link into the app survives the sign-in, with its parameters."""
    deep = f"{app}/identity?snapshot=latest&id=wide"
    page.goto(deep)
    sign_in(page, "bob")
    expect(page.get_by_text("This page is for the role")).to_be_visible()
    page.wait_for_url(deep)
    assert page.get_by_role("link", name="Findings").count() == 0
    assert "wide-bot" not in page.content()


def test_the_snapshot_and_the_search_are_for_whom_the_pages_are(page: Page, app: str) -> None:
    """A file is made after the page is drawn, by a thread that knows nobody who signed in."""
    search, snapshot = page.get_by_role("searchbox"), "Download the snapshot"
    sign_in(page, "ann")
    expect(page.get_by_role("heading", name="Five pillars")).to_be_visible()
    page.get_by_role("button", name="Other formats").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=snapshot).click()
    assert download.value.path().stat().st_size > 1000
    page.keyboard.press("Escape")
    search.fill("wide")
    expect(page.get_by_role("link", name="svc-wide")).to_be_visible()
    page.context.clear_cookies()
    page.goto(app)
    sign_in(page, "bob")
    expect(page.get_by_role("heading", name="Five pillars")).to_be_visible()
    search.fill("wide")
    expect(page.get_by_text("Nothing here is called")).to_be_visible()
    assert page.get_by_role("link", name="svc-wide").count() == 0
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Other formats").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Report as a web page").click()
    assert download.value.path().stat().st_size > 1000
    assert page.get_by_role("button", name=snapshot).count() == 0


def test_a_changed_cookie_is_nobody(page: Page, app: str) -> None:
    sign_in(page, "bob")
    expect(page.get_by_role("heading", name="Posture")).to_be_visible()
    (cookie,) = [c for c in page.context.cookies() if c["name"] == "_streamlit_user"]
    changed = cookie["value"][:20] + ("A" if cookie["value"][20] != "A" else "B")
    page.context.add_cookies([cookie | {"value": changed + cookie["value"][21:]}])  # type: ignore[list-item]
    page.goto(app)
    assert heading(page) == "Sign in"


def test_the_app_answers_at_the_address_to_which_people_come_back(app: str) -> None:
    """Under another name the state of the sign-in would be lost without a word."""
    assert httpx.get(app).status_code == 200
    assert httpx.get(app.replace("127.0.0.1", "localhost")).status_code == 403
