"""Where the app is served: on this machine, or elsewhere to those who sign in."""

from pathlib import Path

import pytest

from app.web.server.launch import Place, WrongAddress
from app.web.server.serve import origins, settings
from graph.files.regular import InputRefused
from tests.unit.app.test_sign_in import PROVIDER

URL = "https://td.acme.test"


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "people.toml").write_text(PROVIDER)
    return str(tmp_path / "people.toml")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_on_this_machine_nothing_is_asked(host: str) -> None:
    Place(host).check()


@pytest.mark.parametrize("place", [Place("10.0.0.5"), Place("td"), Place(url=URL)])
def test_elsewhere_nothing_starts_without_sign_in(place: Place) -> None:
    with pytest.raises(WrongAddress, match=r"--sign-in FILE.* --open-to-all"):
        place.check()


@pytest.mark.parametrize(
    ("repeated", "starts"),
    [("10.0.0.5", True), ("", False), ("10.0.0.6", False), ("yes", False), ("127.0.0.1", False)],
)
def test_but_it_does_when_the_very_address_is_repeated(repeated: str, starts: bool) -> None:
    place = Place("10.0.0.5", open_to_all=repeated)
    if starts:
        place.check()
    else:
        with pytest.raises(WrongAddress):
            place.check()


def test_and_it_does_with_sign_in(file: str) -> None:
    Place(url=URL, sign_in=file).check()
    Place("10.0.0.5", url=URL, sign_in=file).check()
    with pytest.raises(WrongAddress, match="read along"):
        Place("10.0.0.5", sign_in=file).check()
    with pytest.raises(WrongAddress, match="leave out --open-to-all"):
        Place(url=URL, sign_in=file, open_to_all=URL).check()


def test_a_set_up_that_is_wrong_starts_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputRefused):
        Place(sign_in=str(tmp_path / "none.toml")).check()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
def test_every_address_needs_the_one_that_people_type(host: str, file: str) -> None:
    with pytest.raises(WrongAddress, match="--url"):
        Place(host, sign_in=file).check()
    Place(host, url=URL, sign_in=file).check()


@pytest.mark.parametrize(
    "url",
    [
        "td.acme.test",
        "ftp://td.acme.test",
        "https://",
        "https://td.acme.test/",
        "https://td.acme.test/trust",
        "https://td.acme.test?x=1",
        "https://a:b@td.acme.test",
        "https://td.acme.test:x",
        "https://td.acme.test:99999",
        "https://TD.acme.test",
        "http://td.acme.test",
        "https://[::1",
    ],
)
def test_an_address_that_no_browser_sends_is_refused(url: str, file: str) -> None:
    with pytest.raises(WrongAddress):
        Place(url=url, sign_in=file).check()


def test_who_signs_in_comes_back_to_one_address() -> None:
    assert origins("127.0.0.1", 8501, "", signs_in=False) == (
        "http://127.0.0.1:8501",
        "http://localhost:8501",
    )
    assert origins("127.0.0.1", 8501, "", signs_in=True) == ("http://127.0.0.1:8501",)
    assert origins("10.0.0.5", 8501, "", signs_in=False) == ("http://10.0.0.5:8501",)
    assert origins("::1", 8501, "", signs_in=False) == ("http://[::1]:8501",)
    assert origins("127.0.0.1", 8501, URL, signs_in=True) == (URL,)


def test_the_browser_is_told_the_address_of_the_proxy() -> None:
    told = settings("127.0.0.1", 8501, URL)
    assert (told["server.address"], told["server.port"]) == ("127.0.0.1", 8501)
    assert (told["browser.serverAddress"], told["browser.serverPort"]) == ("td.acme.test", 443)
    assert told["server.allowedHosts"] == ["td.acme.test", "localhost"]
