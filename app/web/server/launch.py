"""Start of the app's server: on the loopback address, unless it is told who signs in elsewhere."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from analytics.runtime.budget import VARIABLE as BUDGET
from app.isolation import ROOT, isolated
from app.sign_in import CALLBACK, read_sign_in
from app.sign_in import VARIABLE as SIGN_IN
from app.web.server.door import PARAMETER, VARIABLE, new_token
from app.web.server.upload import HERE
from graph.stores import DEFAULT, is_database

HOST = "127.0.0.1"
PATHS = (
    "TRUSTDEBT_STORE",
    "TRUSTDEBT_JOURNAL",
    "TRUSTDEBT_SEAL_KEY",
    SIGN_IN,
)  # variables that name a file or a folder
ANYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - addresses that no browser can name


class WrongAddress(Exception):
    """An address at which the app is not served; the text gives the reason."""

    exit_code, code = 2, "wrong-address"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the app is served.

    It listens at `host` and `port`. `url` is the address of a proxy before it, under which people
    reach it. `sign_in` is the file that sets up sign-in. `open_to_all` must repeat the address if
    nobody signs in where others reach the app.
    """

    host: str = HOST
    port: int = 0
    url: str | None = None
    sign_in: str | None = None
    open_to_all: str | None = None

    @property
    def reached_at(self) -> str:
        """The address that others reach, or "" if only this machine does."""
        return self.url or ("" if self.host in HERE else self.host)

    def check(self) -> None:
        """Refuse a place that is unsafe, or that no browser could name.

        Raises
        ------
        WrongAddress, InputRefused
        """
        if self.url is not None:
            _check_url(self.url)
        elif self.host in ANYWHERE:
            raise WrongAddress(
                f"--address {self.host} is every address of this machine: name with --url the one "
                "that people type, such as https://trustdebt.example.com"
            )
        if self.sign_in:
            read_sign_in(Path(self.sign_in))
            if self.open_to_all:
                raise WrongAddress("people sign in, so leave out --open-to-all")
            if self.reached_at and not self.url:
                raise WrongAddress(
                    "people would sign in where others can read along: put a proxy before the app, "
                    "and name its https:// address with --url"
                )
        elif self.reached_at and self.open_to_all != self.reached_at:
            raise WrongAddress(
                f"whoever reaches {self.reached_at} would see every weakness of your access: set "
                "up sign-in with --sign-in FILE, or, if you mean it, say the address a second "
                f"time: --open-to-all {self.reached_at}"
            )


def launch(place: Place, store: str | None, budget: str | None) -> NoReturn:
    """Print the app's address and become its server; a port in use is replaced by a free one.

    The server leaves the working folder, so that its `.streamlit/` is not used as configuration.

    Raises
    ------
    WrongAddress, InputRefused
    """
    place.check()
    host = place.host
    port = place.port if place.port and _free(host, place.port) else _any_free(host)
    if place.port and port != place.port and (place.url or place.sign_in):
        raise WrongAddress(f"port {place.port} is in use, and others expect the app there")
    os.environ["TRUSTDEBT_STORE"] = store or os.environ.get("TRUSTDEBT_STORE") or DEFAULT
    if place.sign_in:
        os.environ[SIGN_IN] = place.sign_in
    if budget:
        os.environ[BUDGET] = budget  # of each page
    for name in PATHS:
        named = os.environ.get(name)
        if named and not is_database(named):
            os.environ[name] = str(Path(named).resolve())
    _announce(place, place.url or f"http://{_bracketed(host)}:{port}")
    command = isolated("app.web.server.serve", host, str(port), *filter(None, [place.url]))
    os.chdir(ROOT)
    os.execv(command[0], command)  # noqa: S606 - our own interpreter, no shell


def _announce(place: Place, address: str) -> None:
    """Print where the app is, and who may do what there; make the token if there is one."""
    print(f"trustdebt app: {address}", flush=True)
    if place.sign_in:
        print(f"people sign in; the provider sends them back to {address}{CALLBACK}", flush=True)
    elif place.reached_at:
        print("anybody who reaches it looks at everything; nobody decides there", flush=True)
    else:
        token = os.environ[VARIABLE] = new_token()
        words = "to decide and upload, not only look"
        print(f"{words}: {address}/?{PARAMETER}={token}", flush=True)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        named = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    if not named or f"{parts.scheme}://{parts.netloc}" != url or "@" in url:
        raise WrongAddress("--url is the address that people type, such as https://td.example.com")
    if url != url.lower():
        raise WrongAddress("--url is written in small letters, as browsers send it")
    if parts.scheme == "http" and parts.hostname not in HERE:
        raise WrongAddress("--url begins with https://: what people see is not for others to read")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _free(host: str, port: int) -> bool:
    with socket.socket(_family(host)) as probe:
        return probe.connect_ex((host, port)) != 0


def _any_free(host: str) -> int:
    with socket.socket(_family(host)) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
