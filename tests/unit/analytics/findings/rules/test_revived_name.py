"""Names that were given again after a deletion, and what the former one left behind."""

from tests.support.estates.rule_findings import found
from tests.support.estates.small_estates import Estate, ago


def revived(**facts) -> Estate:
    e = Estate().account("svc", created_at=ago(10), deleted_at=ago(20), status="deleted", **facts)
    return e.resource("crm", "confidential").can("svc", "read", "crm", granted_at=ago(100))


def test_what_was_given_to_the_former_one_is_told():
    e = revived().thing("Credential", "old", type="api_key", created_at=ago(90))
    e.thing("Credential", "new", type="api_key", created_at=ago(5))
    e.link("old", "AUTHENTICATES_AS", "svc").link("new", "AUTHENTICATES_AS", "svc")
    e.resource("wiki").can("svc", "read", "wiki", granted_at=ago(3))
    (one,) = found(e, "REV-03")
    assert one.subject == "svc"
    assert one.sentence == (
        "svc was deleted on 2026-07-12, and another was created under its name on 2026-07-22: "
        "2 grants and credentials of the former are still there."
    )
    assert len(one.evidence) == 3  # the identity itself, and both


def test_one_that_was_only_deleted_or_only_created_is_none():
    gone = Estate().account("svc", created_at=ago(30), deleted_at=ago(20), status="deleted")
    assert found(gone.agent("other"), "REV-03") == []
    assert found(Estate().account("svc", created_at=ago(30)), "REV-03") == []


def test_what_is_granted_anew_is_not_the_former_ones():
    e = Estate().account("svc", created_at=ago(10), deleted_at=ago(20))
    e.resource("crm").can("svc", "read", "crm", granted_at=ago(9))
    (one,) = found(e, "REV-03")
    assert one.sentence.endswith("under its name on 2026-07-22.")
    assert one.evidence == ("svc",)


def test_a_key_of_the_former_one_counts_while_it_is_live():
    for status, held in (("active", 1), ("revoked", 0)):
        e = Estate().agent("bot", status="deleted", deleted_at=ago(20), created_at=ago(10))
        e.thing("Credential", "k", status=status, created_at=ago(200)).link("bot", "USES", "k")
        (one,) = found(e, "REV-03")
        assert len(one.evidence) == 1 + held


def test_each_of_several_has_what_is_its_own():
    """One was deleted 20 days ago, the other 40: a grant of 30 days is older for the first only."""
    e = Estate().resource("crm")
    for name, gone in (("svc", 20), ("job", 40)):
        e.account(name, created_at=ago(10), deleted_at=ago(gone), status="deleted")
        e.can(name, "read", "crm", id=f"late-{name}", granted_at=ago(30))
        e.can(name, "list", "crm", id=f"early-{name}", granted_at=ago(100))
        e.thing("Credential", f"k-{name}", type="api_key", created_at=ago(gone + 5))
        e.link(f"k-{name}", "AUTHENTICATES_AS", name, id=f"login-{name}")
    told = {one.subject: set(one.evidence) for one in found(e, "REV-03")}
    assert told == {
        "svc": {"svc", "early-svc", "late-svc", "login-svc"},
        "job": {"job", "early-job", "login-job"},
    }
