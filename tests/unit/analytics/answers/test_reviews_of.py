"""The reviews of one identity, as its card has them."""

from analytics.answers.reviews import packet, reviews_of
from analytics.answers.reviews import reviews as reviews_in_outline
from tests.support.estates.small_estates import ago
from tests.unit.analytics.answers.test_reviews import decided, granted, packets, world


def test_the_reviews_of_one_identity():
    """The last decision on it, on its account or on a grant of either; and what comes next."""
    e = granted(granted(world()), "hr", reviewed_at=ago(120))
    bot = e.posture().graph.find("bot")
    mine = reviews_of(e.posture(), bot)
    assert mine.last == {"decision": "approve", "at": "2026-04-23T00:00:00Z", "by": None}
    assert mine.due == 2
    assert mine.first.readable()["id"].tolist() == [packets(e.posture())[0]["id"]]
    decided(e, "r1", "revoke", 50, grant_id="g-crm", decided_by="bob")
    mine = reviews_of(e.posture(), bot)
    assert mine.last is not None
    assert (mine.last["decision"], mine.last["by"]["id"]) == ("revoke", "bob")
    e.account("svc").link("bot", "RUNS_AS", "svc")
    decided(e, "r2", "approve", 20, "svc")
    mine = reviews_of(e.posture(), bot)
    assert mine.last is not None
    assert (mine.last["decision"], mine.last["at"][:10]) == ("approve", "2026-07-12")


def test_an_identity_without_any_review():
    e = world().agent("lone")
    mine = reviews_of(e.posture(), e.posture().graph.find("lone"))
    assert (mine.last, mine.due, mine.first.readable().empty) == (None, 0, True)


def test_an_outline_is_a_part_of_the_whole_packet():
    """What the page lists of each packet is what the command says of it; one is read whole."""
    posture = granted(granted(world()), "hr", levels="read write", reviewed_at=ago(120)).posture()
    outlines = reviews_in_outline(posture, in_full=False).packets.readable()
    known = packets(posture)
    assert len(known) == 2
    for place, row in enumerate(outlines.to_dict("records")):
        (one,) = packet(posture, row["id"]).readable().to_dict("records")
        assert one["id"] == known[place]["id"]
        assert {name: one[name] for name in row if name != "independent"} == {
            name: value for name, value in row.items() if name != "independent"
        }
        assert len(one["breaks"]) == len(known[place]["breaks"])
        assert one["path"]
    assert "path" not in outlines
    assert packet(posture, "nothing").readable().empty
