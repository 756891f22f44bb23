"""Reports made up to try the layouts on: ordinary, full, empty, and with hostile texts."""

from dataclasses import replace

from app.report.contents import FACTS, TEAMS
from app.report.sheet import BETTER, SAME, WORSE, Figure, Listing, Point, Sheet, Trend

HOSTILE = (
    '<img src=x onerror="alert(1)">',
    "</script><script>alert(2)</script>",
    "</style><style>@import url(http://127.0.0.1:9/x);</style>",
    '#image("/etc/passwd") $x$ *bold* `raw` @ref \\ #{panic()}',
    "pay\u202eroll\u2066x\u2069 \u2028 日本 😀 \x1b[31m",
    "![x](http://127.0.0.1:9/x) http://127.0.0.1:9/y",
    '"],["x": sys.inputs',
)
MONTHS = ("Sep", "Oct", "Nov", "Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug")


def ordinary() -> Sheet:
    """Return a report as an estate of two hundred agents has it."""
    points = tuple(
        Point(month, 30.4 * at, 9 + at * 0.4, 15 + at * 0.5) for at, month in enumerate(MONTHS)
    )
    figures = (
        Figure("Trust debt ratio", "13.9%", "13.9% to 21.0%", "1.2 points since 1 May", WORSE),
        Figure("Agents that reach a crown jewel", "51 of 200", "", "3 fewer since 1 May", BETTER),
        Figure("Best single fix cuts off", "8 agents", "remove dep", "as on 1 May", SAME),
        Figure("Open paths to crown jewels", "126", "through 44 steps", "not known before"),
    )
    moves = Listing(
        "Top five moves",
        ("#", "What", "How safe", "Who", "Debt removed"),
        (0.4, 5, 2, 2, 1.2),
        tuple((str(n), f"Revoke key-{n} of invoice-bot", "safe", "Ann", "1,240") for n in range(5)),
        "Together they take away 3,816 of 33,223 trust points.",
        (4,),
    )
    teams = _table("Teams", [f"payments-{n}" for n in range(6)])
    accepted = _table("Accepted risks", [f"F-{n} of bot-{n}" for n in range(4)])
    coverage = _table("Coverage", ["98% of the access was checked"])
    sources = _table("Sources", ["aws 123456789012"])
    return Sheet(
        title="Trust debt report",
        subtitle=("As of 1 Aug 2026", "facts of 1 Aug 2026, 118 days old on 27 Nov 2026"),
        grade="D",
        grade_words="A credential that leaked still opens something.",
        sentence="Grade D: key-7 leaked and still opens ledger. 152 of 259 identities can read "
        "sensitive data today. Removing access takes 248 days, target 7.",
        move="revoke key-7: it ends 12 of 126 open paths, and breaks nothing seen in use.",
        figures=figures,
        trend=Trend("Trust debt ratio", points, 5.0, ("It grew by 9% in July.",) * 4),
        lists=(moves,),
        halves=((teams, accepted), (coverage, sources)),
        foot=("tp: trust points.", "Snapshot 000006-0123456789abcdef."),
        drawn_at=1_785_542_400,
    )


def _table(title: str, names: list[str], note: str = "and 32 more") -> Listing:
    rows = tuple((name, "12.8%", "D") for name in names)
    return Listing(title, ("Name", "Ratio", "Grade"), (5, 1, 1), rows, note, (1,))


def empty() -> Sheet:
    """Return a report of an estate of which nothing is known."""
    none = Listing("Teams", ("Name",), (1,), (), "No team is known.")
    figures = tuple(Figure(f"Figure {n}", "not known", "no source states it") for n in range(4))
    return replace(
        ordinary(),
        grade="NR",
        grade_words="",
        sentence="Not rated: there is nothing to owe for.",
        move="connect a source.",
        figures=figures,
        trend=Trend("Trust debt ratio", (Point("Aug 26", 0, None, None),), 5.0, ()),
        lists=(replace(none, title="Top five moves"),),
        halves=((none, none), (none, none)),
        foot=(),
    )


def with_names(names: tuple[str, ...]) -> Sheet:
    """Return a report with as many rows as one can have, in which every text is one of these."""
    sheet, at = ordinary(), iter(range(10**6))

    def name(_: str = "") -> str:
        return names[next(at) % len(names)]

    def listing(part: Listing, rows: int) -> Listing:
        body = tuple(tuple(name() for _ in part.heads) for _ in range(rows))
        return replace(
            part, title=name(), heads=tuple(map(name, part.heads)), rows=body, note=name()
        )

    figures = tuple(Figure(name(), name(), name(), name(), WORSE) for _ in range(5))
    return replace(
        sheet,
        title=name(),
        subtitle=(name(), name()),
        warnings=(name(), name()),
        grade_words=name(),
        sentence=name(),
        move=name(),
        figures=figures,
        trend=Trend(name(), sheet.trend.points, 5.0, tuple(name() for _ in range(5))),
        lists=tuple(listing(part, 5) for part in sheet.lists),
        halves=tuple(
            (listing(a, rows), listing(b, 5))
            for (a, b), rows in zip(sheet.halves, (TEAMS, FACTS), strict=True)
        ),
        foot=(name(), name()),
    )
