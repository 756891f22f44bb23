"""The usage fold on a Spark cluster, where the logs lie already or exceed one machine.

The expression is the one that DuckDB runs (`ingest.usage.fold`). The two read some JSON in
different ways (a number where text belongs, a key twice, an instant without a zone), and only here
a bad line is told with its number. So Spark folds the logs in which every line is plain (`PLAIN`),
which both read alike; a log with any other line is left to this process.

The workers must see the logs by the paths that they have here. Nothing is shared but these: a task
that is lost with its executor is done again by Spark from the log.
https://spark.apache.org/docs/latest/spark-standalone.html
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from warnings import catch_warnings, simplefilter

import pyarrow as pa

from graph.machine.engines import EngineUnavailable, WrongEngine, first_bytes
from graph.schema import LEVELS
from ingest.usage.engine import Engine
from ingest.usage.fold import EVENTS, LOG, REQUIRED, TEXT_EVENTS, fold, fold_table, timed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",  # what is no instant is an error, as in DuckDB
    "spark.sql.shuffle.partitions": "16",
}
LONGEST = 4096  # characters of a plain line; Java's expressions recurse on longer ones
EXTRA = "pip install 'trustdebt[spark]'"
GLOB = re.compile(r"[*?\[\]{}\\]")  # in a name Spark reads these as a pattern

# Java's syntax. The parts that repeat are possessive, so that no line takes long.
_WS = r"[ \t\r]*+"
_CHARACTERS = r"[^\"\\\x00-\x1f\ufeff\ufffd]*+"
_PAIRED = r"u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # one character
_ESCAPE = rf"\\(?:[\"\\/bfnrt]|{_PAIRED}|u(?!0000|[dD][89a-fA-F])[0-9a-fA-F]{{4}})"
_TEXT = f'"{_CHARACTERS}(?:{_ESCAPE}{_CHARACTERS})*+"'
_OWN = "|".join(TEXT_EVENTS)
_INSTANT = (
    r'"[1-9]\d{3}-\d\d-\d\d[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?'
    r'(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)"'
)
_PAIR = (
    f'(?:"at"{_WS}:{_WS}{_INSTANT}'
    f'|"level"{_WS}:{_WS}(?:"(?:{"|".join(LEVELS)}|)"|null)'
    f'|"(?!at"|level")(?:{_OWN})"{_WS}:{_WS}(?:{_TEXT}|null)'
    f'|"(?!(?i:{_OWN})")[A-Za-z0-9_.-]++"{_WS}:{_WS}'
    rf"(?:{_TEXT}|null|true|false|-?(?:0|[1-9]\d{{0,14}}+)(?:\.\d{{1,15}}+)?))"
)
_NAMED = "".join(rf'(?=.*"{name}"{_WS}:{_WS}"[^"])' for name in REQUIRED)
PLAIN = (
    rf'(?s)\A(?=.*"at"{_WS}:){_NAMED}(?!.*"({_OWN})"{_WS}:.*"\1"{_WS}:)'
    rf"{_WS}\{{{_WS}{_PAIR}(?:{_WS},{_WS}{_PAIR})*+{_WS}\}}{_WS}\z"
)


@contextmanager
def on_spark(master: str) -> Iterator[Engine]:
    """Start an application on the Spark at `master`, which ends with the `with` statement.

    Raises
    ------
    WrongEngine
    EngineUnavailable
    """
    host = host_of(master)
    with _quiet():
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    builder = SparkSession.builder.master(master).appName("trustdebt")
    for name, value in (SETTINGS | _address(host)).items():
        builder = builder.config(name, value)
    try:
        with _quiet():
            session = builder.getOrCreate()
    except (PySparkException, RuntimeError, OSError) as error:
        raise EngineUnavailable(f"Spark does not start at {master}: {_kind(error)}") from None
    try:
        yield partial(_folded, session)
    finally:
        session.stop()


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out that pandas 3 is new to PySpark: nothing of pandas is used."""
    with catch_warnings():
        simplefilter("ignore", FutureWarning)
        yield


def host_of(master: str) -> str:
    """Return the host of a master, before anything is started there.

    Raises
    ------
    WrongEngine
    EngineUnavailable
        Spark is not installed, or nothing answers, which Spark would try for long.
    """
    if find_spec("pyspark") is None:
        raise EngineUnavailable(f"the engine spark needs Java 17 and an extra: {EXTRA}")
    if re.fullmatch(r"local(\[(\*|\d{1,4})\])?", master):
        return "localhost"
    parts = re.fullmatch(r"spark://([^/:,\s]+):(\d{1,5})", master)
    if parts is None:
        raise WrongEngine("the master of Spark is named as spark://HOST:PORT or local[N]")
    if first_bytes(parts[1], int(parts[2]), 0) is None:
        raise EngineUnavailable(f"no Spark master answers at {master}")
    return parts[1]


def _address(host: str) -> dict[str, str]:
    """Return the settings by which executors find this process: here alone, if the master is."""
    if host not in ("localhost", "127.0.0.1"):
        return {}
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    return {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}


def _folded(session: "SparkSession", paths: Sequence[Path]) -> tuple[pa.Table | None, set[Path]]:
    """Fold the plain ones of some logs; return that, and which they are."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        nameable = [path for path in paths if _nameable(path)]
        plain = _plain(session, nameable) if nameable else []
        return (_fold(session, plain) if plain else None), set(plain)
    except (PySparkException, Py4JError) as error:
        raise EngineUnavailable(f"Spark could not fold the logs: {_kind(error)}") from None


def _nameable(path: Path) -> bool:
    """Return whether Spark reads the file of this name, and no other."""
    name = str(path.absolute())
    return name.isprintable() and not path.name.startswith(("_", ".")) and not GLOB.search(name)


def _lines(session: "SparkSession", paths: Sequence[Path]) -> "DataFrame":
    """Return the lines of logs that are not blank, as `value`, and the `file` of each."""
    names = [f"file://{path.absolute()}" for path in paths]  # which Spark does not decode
    read = session.read.option("lineSep", "\n").text(names)
    named = read.selectExpr("value", "_metadata.file_path AS file")
    return named.where(r"NOT value RLIKE r'^\s*$'")


def _plain(session: "SparkSession", paths: Sequence[Path]) -> list[Path]:
    """Return the logs of which Spark sees lines, all of them plain."""
    from pyspark.sql import functions as f

    line = f.col("value")
    no_day = f.expr("try_cast(from_json(value, 'at STRING').at AS TIMESTAMP) IS NULL")
    odd = ~(line.rlike(PLAIN) & (f.length(line) <= LONGEST)) | no_day
    counted = _lines(session, paths).groupBy("file").agg(f.max(odd.cast("int")).alias("odd"))
    plain = {_path(row["file"]) for row in counted.collect() if row["odd"] == 0}
    return [path for path in paths if str(path.absolute()) in plain]


def _path(uri: str) -> str:
    return unquote(urlsplit(uri).path)


def _fold(session: "SparkSession", paths: Sequence[Path]) -> pa.Table:
    import ibis

    schema = ", ".join(f"`{name}` STRING" for name in TEXT_EVENTS)
    parsed = f"from_json(value, '{schema}', map('mode', 'FAILFAST')) AS event"
    events = _lines(session, paths).selectExpr(parsed).select("event.*")
    events.createOrReplaceTempView(LOG)
    statement = ibis.to_sql(fold(timed(ibis.table(TEXT_EVENTS, name=LOG))), dialect="pyspark")
    result: pa.Table = session.sql(str(statement)).toArrow()
    return result.cast(_schema())


def _schema() -> pa.Schema:
    """Return the schema of what DuckDB folds."""
    types = {"string": pa.string(), "int64": pa.int64()}
    return fold_table(pa.table({n: pa.array([], types[t]) for n, t in EVENTS.items()})).schema


def _kind(error: BaseException) -> str:
    """Return what kind of error it is, without the values that its message may repeat."""
    condition: Any = getattr(error, "getCondition", lambda: None)()
    return str(condition or type(error).__name__)
