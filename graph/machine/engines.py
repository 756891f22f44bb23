"""Engines outside this process that may do a part of its work, and how they are named."""

import os
import socket

DASK, SPARK = "dask", "spark"  # they count reach, and fold logs of use
ENGINES = (DASK, SPARK)
VARIABLE = "TRUSTDEBT_ENGINE"
ADDRESSES = {DASK: "scheduler", SPARK: "master"}  # the option that names where each is
ANSWERS = 10.0  # seconds in which an engine answers


class EngineUnavailable(Exception):
    """The engine that was asked for cannot be used."""

    exit_code, code = 4, "engine-unavailable"


class WrongEngine(Exception):
    """Options that name no engine, or no place of it."""

    exit_code, code = 2, "usage"


def engine_of(given: str | None, taken: tuple[str, ...]) -> str | None:
    """Return the engine that an option names, or else the environment.

    `taken` are those for which there is work: another one that the environment names is for other
    commands.

    Raises
    ------
    WrongEngine

    Examples
    --------
    >>> engine_of("dask", (DASK,))
    'dask'
    """
    if given not in (None, *taken):
        raise WrongEngine(f"--engine is {' or '.join(taken)}")
    named = given or os.environ.get(VARIABLE) or None
    if named not in (None, *ENGINES):
        raise WrongEngine(f"{VARIABLE} is {' or '.join(ENGINES)}")
    return named if named in taken else None


def place_of_engine(engine: str, chosen: bool, given: str | None) -> str | None:
    """Return where an engine is: what its option names, or else the environment.

    None if the engine is not `chosen`; its option is then refused.

    Raises
    ------
    WrongEngine
    """
    option = ADDRESSES[engine]
    if not chosen:
        if given is not None:
            raise WrongEngine(f"--{option} goes with --engine {engine}")
        return None
    place = given or os.environ.get(f"TRUSTDEBT_{option.upper()}")
    if not place:
        raise WrongEngine(f"--engine {engine} needs --{option}")
    return place


def first_bytes(host: str, port: int, count: int) -> bytes | None:
    """Return the first bytes that are said at a port, as many as are asked for if they come.

    None if nothing listens there. A library would try for long, or wait for ever.
    """
    try:
        with socket.create_connection((host, port), ANSWERS) as connection:
            try:
                return connection.recv(count) if count else b""
            except OSError:
                return b""
    except (OSError, OverflowError):
        return None
