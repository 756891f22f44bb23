"""A window that a test has used serves the next one as a new one would; only its own is noted."""

from pathlib import Path
from urllib.parse import urlsplit

from tests.e2e.browsing import Open, Serve
from tests.e2e.conftest import PROBES, SIZE, Watched, _clear, _watch

SPOIL = """() => {
    localStorage.kept = sessionStorage.kept = window.name = 'kept';
    document.cookie = 'kept=1';
    history.pushState(null, '', '/_stcore/health?again');
    const opens = indexedDB.open('kept');
    return new Promise(done => { opens.onsuccess = () => done(opens.result.close()); });
}"""
KEPT = """async () => ({
    local: localStorage.length,
    session: sessionStorage.length,
    databases: (await indexedDB.databases()).length,
    cookie: document.cookie.includes('kept'),
    name: window.name,
    past: history.length > 2,
    width: innerWidth,
    printed: matchMedia('print').matches,
    pointed: document.querySelector(':hover') !== null,
})"""
NEW = {
    **{"local": 0, "session": 0, "databases": 0, "cookie": False, "name": ""},
    **{"past": False, "width": SIZE["width"], "printed": False, "pointed": False},
}


def test_a_window_that_is_used_again_knows_nothing_of_before(
    serve: Serve, store: Path, open_window: Open
) -> None:
    home = serve(store)
    window = open_window(home)
    page = window.page
    page.goto(home + PROBES[0])
    assert page.evaluate(KEPT) == NEW
    page.evaluate(SPOIL)
    page.goto(home + PROBES[1])
    page.set_viewport_size({"width": 390, "height": 800})
    page.emulate_media(media="print")
    page.mouse.move(100, 10)
    window.context.new_page()
    kept = page.evaluate(KEPT)
    assert [name for name in NEW if kept[name] == NEW[name]] == []  # else nothing were shown below
    _clear(window, home)
    page.goto(home + PROBES[1])
    assert page.evaluate(KEPT) == NEW
    assert window.context.pages == [page]


ERRS = """what => {
    console.error(what);
    const socket = new WebSocket('ws://localhost:9/' + what);
    const failed = new Promise(done => { socket.onerror = done; });
    const asked = fetch('http://localhost:9/' + what).catch(() => 0);
    return Promise.all([failed, asked]).then(() => 0);
}"""


def test_what_a_window_does_is_noted_until_its_test_ends(
    serve: Serve, store: Path, open_window: Open
) -> None:
    """No policy keeps it from asking others here."""
    home = serve(store)
    window = open_window(home, obeys_policy=False)
    page = window.page
    page.goto(home + PROBES[0])
    first = Watched(window.context, page)
    end = _watch(first, urlsplit(home).netloc)
    with page.expect_websocket():
        page.evaluate(ERRS, "first")
    end()
    with page.expect_websocket():
        page.evaluate(ERRS, "second")
    for noted, whats in ((first, ["first"]), (window, ["first", "second"])):
        said = [words for words in noted.errors if "ERR_" not in words]  # of a link that failed
        assert said == whats
        asked = [f"{scheme}://localhost:9/{what}" for what in whats for scheme in ("ws", "http")]
        assert sorted(noted.foreign) == sorted(asked)
    window.errors.clear()
    window.foreign.clear()
