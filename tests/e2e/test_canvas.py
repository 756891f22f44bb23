"""In a real browser: the picture keeps its camera, and a pointer and a keyboard do the same."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.browsing import Open, Serve, camera, graph, names, node, place


def opened(serve: Serve, store: Path, open_window: Open, more: str = "") -> tuple[Page, Locator]:
    home = serve(store)
    page = open_window(home).go(f"{home}/blast_radius?thing=wide{more}")
    return page, graph(page)


def saved(page: Page, picture: Locator, name: str, folder: Path) -> bytes:
    with page.expect_download() as download:
        picture.get_by_role("button", name=f"Save as {name}").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path.read_bytes()


def test_the_camera_stays_through_choices_folds_and_pages(
    serve: Serve, store: Path, open_window: Open
) -> None:
    page, picture = opened(serve, store, open_window)
    fitted = camera(picture)
    picture.get_by_role("button", name="Zoom in").click()
    box = picture.locator("svg").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 30, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 80, box["y"] + 70, steps=4)
    page.mouse.up()
    moved = camera(picture)
    assert moved != fitted
    met = node(picture, "deploy").locator(".shape").last.element_handle()
    page.mouse.click(*place(picture, "deploy"))
    page.wait_for_url("**focus=deploy*")
    page.get_by_text(re.compile("^How it is reached")).wait_for()
    picture.locator('.node[aria-pressed="true"]').wait_for()
    assert met.evaluate("shape => shape.isConnected")  # a second press may have begun on it
    assert camera(picture) == moved
    # The role that the fold hangs from stays where it is, and the zoom as it was.
    before = place(picture, "deploy")
    page.mouse.dblclick(*place(picture, "30 internal resources"), delay=20)
    page.get_by_text("Showing all 44 things").wait_for()
    expect(picture.locator(".node .name")).to_have_count(44)
    after = place(picture, "deploy")
    assert abs(before[0] - after[0]) < 1.5
    assert abs(before[1] - after[1]) < 1.5
    zoom = re.compile(r"scale\((.+)\)")
    assert zoom.search(camera(picture))[1] == zoom.search(moved)[1]  # type: ignore[index]
    kept = camera(picture)
    page.get_by_role("link", name="Ownership").click()
    page.get_by_role("heading", name="Ownership").wait_for()
    page.get_by_role("link", name="Blast radius").click()
    page.get_by_role("heading", name="Blast radius").wait_for()
    expect(graph(page).locator(".node .name")).to_have_count(44)
    assert camera(graph(page)) == kept


def test_a_line_is_chosen_and_explained(serve: Serve, store: Path, open_window: Open) -> None:
    page, picture = opened(serve, store, open_window)
    line = picture.locator('.edge[aria-label^="svc-wide may assume deploy"] .line')
    box = line.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url("**edge=svc-wide*ASSUMES*deploy*")
    page.get_by_role("heading", name="Step", exact=True).wait_for()
    page.get_by_role("button", name="Add to what-if").click()
    page.wait_for_url("**remove=svc-wide*ASSUMES*deploy*")


def test_all_of_it_is_done_by_keyboard(serve: Serve, store: Path, open_window: Open) -> None:
    page, picture = opened(serve, store, open_window)
    before = camera(picture)
    picture.locator("svg").focus()
    for key in ("ArrowRight", "ArrowDown", "+", "-"):
        page.keyboard.press(key)
        assert camera(picture) != before, key
        before = camera(picture)
    page.keyboard.press("0")
    order = []
    for _ in range(4):  # the first node, the step from it and its end, …
        page.keyboard.press("Tab")
        order.append(page.evaluate(ACTIVE))
    assert order[0].startswith("wide-bot, agent, the start")
    assert order[1].split(", ")[0].startswith("wide-bot ")
    halo = picture.locator(".node:focus-visible .halo, .edge:focus-visible .line")
    assert halo.count() == 1
    chosen = page.evaluate(ACTIVE)
    page.keyboard.press("Enter")
    picture.locator('[aria-pressed="true"][data-id]').wait_for()
    assert page.evaluate(ACTIVE) == chosen
    fold = node(picture, "30 internal resources")
    fold.focus()
    page.keyboard.press("Shift+Enter")
    page.get_by_text("Showing all 44 things").wait_for()


def opens_by_one_click(page: Page, folded: str, drawn: str) -> None:
    """Click a fold, see what is in it, open it by its button as by keyboard, and fold it again."""
    picture = graph(page)
    before = len(names(picture))
    page.mouse.click(*place(picture, folded))
    page.get_by_role("heading", name=folded).wait_for()
    page.get_by_text(re.compile(f"All {folded.split()[0]}:")).wait_for()
    assert len(names(picture)) == before
    page.get_by_role("button", name="Unfold").press("Enter")
    page.get_by_text(drawn).first.wait_for()
    expect(node(graph(page), "db-12")).to_have_count(1)
    page.get_by_role("button", name="Fold again").click()
    node(graph(page), folded).wait_for()


def test_one_click_says_what_is_in_a_fold_and_offers_to_open_it(
    serve: Serve, store: Path, open_window: Open
) -> None:
    page, picture = opened(serve, store, open_window)
    opens_by_one_click(page, "30 internal resources", "Showing all 44 things")
    node(picture, "30 internal resources").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Unfold").wait_for()


def test_the_address_of_the_console_keeps_the_picture_until_the_query_ran(
    serve: Serve, store: Path, open_window: Open
) -> None:
    home = serve(store)
    page = open_window(home).go(f"{home}/console?shows=picture")
    query = page.get_by_role("textbox", name="Query")
    query.fill("SELECT source_id AS source, target_id AS target FROM CAN_ACCESS ORDER BY 1, 2")
    query.press("Control+Enter")
    page.get_by_text("Press Run to ask").wait_for()
    page.wait_for_url(re.compile(r"[?]snapshot=latest&shows=picture$"))  # as the run's end wrote it
    page.get_by_role("button", name="Run").click()
    opens_by_one_click(page, "40 resources", "Showing all 47 things")


ACTIVE = """() => {
    let at = document.activeElement;
    while (at.shadowRoot) at = at.shadowRoot.activeElement;
    return at.getAttribute("aria-label");
}"""


def test_a_node_is_found_and_labels_are_hidden(
    serve: Serve, store: Path, open_window: Open
) -> None:
    page, picture = opened(serve, store, open_window)
    box = picture.get_by_role("searchbox", name="Find in picture")
    box.fill("db-0")
    expect(picture.get_by_role("status")).to_have_text("10 of 15")
    expect(picture.locator(".node.hit")).to_have_count(10)
    box.fill("deploy")
    box.press("Enter")
    page.wait_for_url("**focus=deploy*")
    box.fill("")
    picture.get_by_role("button", name="Hide labels").click()
    expect(picture.locator(".name").first).to_be_hidden()


def test_what_is_saved_is_whole_and_runs_nothing(
    serve: Serve, hostile_store: Path, open_window: Open, chromium: Browser, tmp_path: Path
) -> None:
    page, picture = opened(serve, hostile_store, open_window)
    texts = names(picture)
    svg = saved(page, picture, "SVG", tmp_path).decode()
    root = ET.fromstring(svg)
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "g", "title", "desc", "rect", "circle", "polygon", "path", "text"}
    assert not [a for e in root.iter() for a in e.attrib if a.startswith("on") or "href" in a]
    drawn = [e.text for e in root.iter() if e.tag.endswith("}text")]
    assert set(texts) <= set(drawn)
    png = saved(page, picture, "PNG", tmp_path)
    assert png.startswith(b"\x89PNG")
    assert len(png) > 5_000
    html = saved(page, picture, "HTML", tmp_path)
    other = chromium.new_page()
    other.goto((tmp_path / "picture.html").as_uri())
    assert other.evaluate("() => window.pwned") is None
    assert other.locator("script, img, a").count() == 0
    assert other.locator("table tr").count() == picture.locator(".edge").count() + 1
    assert b"default-src 'none'" in html
    other.close()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV", exact=True).click()
    download.value.save_as(tmp_path / "reach.csv")
    rows = (tmp_path / "reach.csv").read_text()
    assert "\"'=HYPERLINK" in rows
    assert ',"=HYPERLINK' not in rows


def test_time_is_gone_through_by_hand_and_by_itself(
    serve: Serve, grown: tuple[Path, str], open_window: Open
) -> None:
    """A month later a further agent is there, which is not in this picture."""
    home = serve(grown[0])
    page = open_window(home).go(f"{home}/blast_radius?thing=wide")
    picture = graph(page)
    bar = picture.get_by_role("group", name="Time")
    slider = bar.get_by_role("slider", name="Snapshot")
    expect(slider).to_have_attribute("aria-valuetext", "31 Aug 2026, 2 of 2")
    bar.get_by_role("button", name="Previous snapshot").click()
    page.wait_for_url(f"**when={grown[1]}*")
    status = bar.get_by_role("status")
    status.get_by_text("On 1 Aug 2026, the first snapshot").wait_for(state="attached")
    before = camera(picture)
    slider.focus()
    page.keyboard.press("ArrowRight")
    status.get_by_text("On 31 Aug 2026, against 1 Aug 2026").wait_for(state="attached")
    assert page.evaluate(ACTIVE) == "Snapshot"
    assert camera(picture) == before
    run = bar.get_by_role("button", name="Play through the snapshots")
    run.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**when={grown[1]}*")
    bar.get_by_role("button", name="Pause").wait_for()
    status.get_by_text("On 31 Aug 2026, against").wait_for(state="attached", timeout=15_000)
    run.wait_for()  # it has stopped by itself
    bar.get_by_role("button", name="Back to now").click()
    page.wait_for_function("() => !location.search.includes('when=')")


def test_a_step_on_choke_points_is_explained(serve: Serve, store: Path, open_window: Open) -> None:
    home = serve(store)
    address = f"{home}/choke_points?start=wide&target=db-01&picture=ways"
    page = open_window(home).go(address)
    picture = graph(page)
    picture.locator('.edge[aria-label^="deploy can access db-01"]').focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**edge=deploy*")
    page.get_by_role("heading", name="Step", exact=True).wait_for()
    page.get_by_text("Only if aws:SourceIp is 10.0.0.0/8").first.wait_for()


def test_all_ways_to_a_resource_are_one_picture(
    serve: Serve, store: Path, open_window: Open
) -> None:
    home = serve(store)
    page = open_window(home).go(f"{home}/blast_radius?thing=db-00")
    picture = graph(page)
    expect(picture.locator(".edge")).to_have_count(6)
    page.mouse.click(*place(picture, "wide-bot"))
    page.wait_for_url("**focus=wide*")
    expect(picture.locator(".edge.path")).to_have_count(3)
