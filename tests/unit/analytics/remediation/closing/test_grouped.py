"""Findings that one change closes are one row, and what is stronger takes the rest along."""

import pandas as pd
import pytest

from analytics.actions import Action
from analytics.answers.table import as_json
from analytics.findings.evaluation import find_all
from analytics.findings.lifecycle.about import what_it_is_about
from analytics.posture import Posture
from analytics.remediation.closing import grouped as grouping
from analytics.remediation.closing.change import step_id
from analytics.remediation.closing.grouped import grouped
from analytics.remediation.closing.wanted import wanted
from analytics.remediation.removal.before_and_after import changed
from analytics.remediation.removal.what_if import removals
from graph.journal.journal import Journal
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.printed import changes, findings

SCOPE = [{"resource": "queue", "level": level} for level in ("read", "write")]


def team(*, used: dict | None = None, **facts) -> Estate:
    """State three agents that run as one role, which may read and write a queue."""
    e = Estate().person("ann", "bob").thing("Role", "role").resource("queue", "confidential")
    for name in ("a1", "a2", "a3"):
        e.agent(name, kind="workload", purpose="p", declared_scope=SCOPE)
        e.owned(name, "ann", "bob").link(name, "RUNS_AS", "role")
    e.owned("role", "bob", "bob")
    granted = {"granted_at": ago(200), "expires_at": ago(-30), "reviewed_at": ago(1), **facts}
    return e.can("role", "read write", "queue", id="g", last_used_at=used or {}, **granted)


def rows(e: Estate | Posture, **options) -> list[dict]:
    posture = e.posture() if isinstance(e, Estate) else e
    return changes(posture, **options)["changes"]


def test_one_grant_of_a_role_is_one_change_for_all_that_have_it():
    posture = team().posture()
    answer = changes(posture)
    (row,) = answer["changes"]
    # Of each of the three agents: the grant is unused, and so is the path over it.
    assert sorted(find_all(posture)["rule"]) == ["LPR-01"] * 3 + ["TIM-04"] * 3
    assert (row["action"], row["count"], row["identities"], row["closes"]) == (
        "remove_grant", 6, 3, True,
    )  # fmt: skip
    assert row["target"] == {
        "from": {"id": "role", "label": "Role", "name": "role"},
        "relationship": "CAN_ACCESS",
        "to": {"id": "queue", "label": "Resource", "name": "queue"},
        "ids": ["g"],
    }
    assert row["decides"]["id"] == "bob"
    assert row["sentence"] == (
        "role may read and write queue: 6 findings, 3 identities, one grant; bob decides."
    )
    assert set(row["findings"]) == set(find_all(posture)["id"])
    assert row["remaining"] == []
    assert row["id"] == step_id("remove_grant", "CAN_ACCESS", "g")
    assert answer["counts"] == {"findings": 6, "changes": 1, "accepted": 0, "unseen": 0}
    assert findings(posture)["counts"] == {"findings": 6, "changes": 1}


def test_what_its_items_owe_is_counted_once():
    """A workload: confidential 10, times read 1 and write 3; necessity weighs 0.75."""
    posture = team().posture()
    (row,) = rows(posture)
    weight = 0.75
    broken_days = 200 - 90
    cycles = broken_days / 90
    each = weight * 10 * (1 + 3) * (1 + cycles)
    assert row["debt"] == pytest.approx(3 * each)


def test_a_level_that_one_uses_is_kept_for_all():
    (row,) = rows(team(used={"read": ago(3)}))
    assert (row["action"], row["closes"], row["count"]) == ("narrow_grant", True, 6)
    assert row["sentence"].startswith("role may read and write queue, to be narrowed: ")


def test_use_that_nobody_can_see_asks_for_no_removal():
    assert rows(team(telemetry="false")) == []


def test_an_accepted_finding_asks_for_nothing(tmp_path):
    posture, day = team().posture(), pd.Timedelta(days=1)
    posture.journal = Journal(tmp_path / "journal.sqlite")
    first, *rest = find_all(posture)["id"]
    about = what_it_is_about(team().posture(), first)
    posture.journal.accept(first, AS_OF + 30 * day, "ann", "x", AS_OF - day, about=about)
    answer = changes(posture)
    (row,) = answer["changes"]
    assert set(row["findings"]) == set(rest)
    assert answer["counts"] == {"findings": 5, "changes": 1, "accepted": 1, "unseen": 0}


def test_filters_choose_changes_and_not_parts_of_them():
    e = team().agent("lone", kind="workload").resource("wiki")
    posture = e.posture()
    (row,) = rows(posture, rule="LPR-01")
    assert row["count"] == 6
    assert {r["action"] for r in rows(posture, about=posture.graph.find("lone"))} == {
        "assign_owner", "review",
    }  # fmt: skip
    assert rows(posture, about=posture.graph.find("wiki")) == []


def test_a_cut_list_says_how_many_are_left_out():
    posture = team().agent("lone", kind="workload").posture()
    every, first = changes(posture), changes(posture, limit=1)
    assert first["changes"] == every["changes"][:1]
    assert first["left_out"] == len(every["changes"]) - 1


def test_a_deactivated_credential_is_not_rotated_as_well():
    e = Estate().agent("bot", kind="workload", last_active_at=ago(1)).account("svc")
    e.thing("Credential", "key", type="api_key", created_at=ago(200), storage="code",
            last_used_at=ago(1), status="leaked")  # fmt: skip
    e.link("bot", "USES", "key").link("key", "AUTHENTICATES_AS", "svc")
    about_key = [r for r in rows(e) if r["target"].get("id") == "key"]
    (row,) = about_key
    assert (row["action"], row["closes"]) == ("deactivate_credential", True)
    named = find_all(e.posture()).set_index("id")["rule"].reindex(row["findings"])
    assert set(named) == {"CRD-01", "CRD-02", "CRD-07"}


def test_an_identity_to_be_disabled_takes_all_about_it_along():
    e = Estate().agent("bot", kind="workload", last_active_at=ago(60)).resource("x", "restricted")
    e.thing("Credential", "key", type="api_key", created_at=ago(200)).link("bot", "USES", "key")
    e.can("bot", "admin", "x", granted_at=ago(200))
    posture = e.posture()
    (row,) = rows(posture)
    assert (row["action"], row["closes"]) == ("disable_identity", True)
    assert set(row["findings"]) == set(find_all(posture)["id"])


def test_a_path_over_several_grants_is_in_the_row_of_each():
    e = team().resource("other", "internal")
    e.can("role", "read", "other", id="h", granted_at=ago(200), expires_at=ago(-30),
          reviewed_at=ago(1))  # fmt: skip
    posture = e.posture()
    paths = set(find_all(posture).query("rule == 'TIM-04'")["id"])
    both = rows(posture, rule="TIM-04")
    assert sorted(r["target"]["ids"] for r in both) == [["g"], ["h"]]
    for row in both:
        assert paths < set(row["findings"])
        assert set(row["remaining"]) == paths
        assert not row["closes"]


def test_hostile_names_stay_data():
    e = (
        Estate()
        .agent("bot", kind="workload", name='=cmd|"x"<script>\n')
        .resource("x", "restricted")
    )
    e.can("bot", "admin", "x", granted_at=ago(200))
    for row in rows(e):
        assert row["sentence"].count("\n") <= 1
        assert row["target"]


def test_nothing_to_change():
    posture = Estate().person("ann").posture()
    answer = as_json(changes(posture))
    assert answer["changes"] == []
    assert answer["counts"] == {"findings": 0, "changes": 0, "accepted": 0, "unseen": 0}


def test_a_used_grant_that_goes_may_leave_an_unused_one_to_the_same():
    """Without the grant in use it reads by one that nobody used: that path is stale again."""
    e = Estate().agent("bot", kind="workload").resource("x", "confidential")
    expired = {"granted_at": ago(200), "expires_at": ago(2)}
    e.can("bot", "read admin", "x", id="used", last_used_at={"read": ago(1)}, **expired)
    e.can("bot", "read", "x", id="spare", granted_at=ago(200), expires_at=ago(-9))
    posture = e.posture()
    (path,) = find_all(posture).query("rule == 'TIM-04'")["id"]
    (row,) = (r for r in rows(posture) if r["target"]["ids"] == ["used"])
    assert row["action"] == "remove_grant"
    assert path in row["remaining"]
    after = changed(posture, removals(posture, ["used"]))
    assert path in set(find_all(after)["id"])


def test_grants_of_a_role_without_an_end_are_one_change_and_not_one_for_each_user():
    # Two agents have the two grants of the role; one of them has a grant of its own besides.
    e = Estate().thing("Role", "role").resource("x", "internal").resource("y", "internal")
    for name in ("a1", "a2"):
        e.agent(name, kind="workload").link(name, "RUNS_AS", "role")
    lately = {"granted_at": ago(10), "last_used_at": {"read": ago(1)}}
    for holder, resource, grant in (("role", "x", "g1"), ("role", "y", "g2"), ("a1", "x", "g3")):
        e.can(holder, "read", resource, id=grant, **lately)
    ends = [r for r in rows(e) if r["action"] == "set_expiry"]
    by_ids = {tuple(r["target"]["ids"]): r for r in ends}
    assert set(by_ids) == {("g1", "g2"), ("g3",)}
    shared = by_ids["g1", "g2"]
    assert (shared["count"], shared["identities"], len(shared["remaining"])) == (2, 2, 1)
    assert shared["target"]["from"]["id"] == "role"
    assert shared["target"]["to"] is None
    assert shared["sentence"].startswith("role may read x, and 1 more, without an end: 2 findings")
    assert by_ids["g3",]["remaining"] == by_ids["g3",]["findings"] == shared["remaining"]


def test_no_change_closes_alone_what_asks_for_several():
    """The stale path is over two grants: each closes its own finding, and neither the path."""
    e = team().resource("other", "internal")
    e.can("role", "read", "other", id="h", granted_at=ago(200), expires_at=ago(-30),
          reviewed_at=ago(1))  # fmt: skip
    posture = e.posture()
    groups, rule = grouped(posture), find_all(posture)["rule"].to_numpy(str)
    paths = rule[groups.finding] == "TIM-04"
    assert paths.sum() == 2 * 3
    assert not groups.closes[paths].any()
    assert groups.closes[~paths].all()


def test_changes_do_not_depend_on_the_order_in_which_facts_are_named(monkeypatch):
    """Three grants without an end: one change for both agents, its facts in the order of ids."""
    e = Estate().thing("Role", "role")
    for name in ("a1", "a2"):
        e.agent(name, kind="workload").link(name, "RUNS_AS", "role")
    for grant in ("g1", "g2", "g3"):
        e.resource(f"r-{grant}", "internal")
        e.can("role", "read", f"r-{grant}", id=grant, granted_at=ago(10),
              last_used_at={"read": ago(1)})  # fmt: skip
    monkeypatch.setattr(grouping, "wanted", lambda *of: wanted(*of).iloc[::-1])
    (ids,) = (c.ids for c in grouped(e.posture()).changes if c.action is Action.SET_EXPIRY)
    assert ids == ("g1", "g2", "g3")


def test_what_stands_apart_does_not_keep_the_rest_of_a_holder_from_being_shared():
    """Findings 0 and 2 ask for y of holder 7; x and w, which others ask for alone, stand apart.

    So y is what both ask for of that holder, and one change; u and v are of other holders.
    """
    asked = {0: "u8 x7 y7", 1: "x7", 2: "v9 w7 y7", 3: "w7"}
    rows = [
        {"finding": finding, "id": fact[0], "holder": int(fact[1]), "alone": fact[0] in "xw"}
        for finding, facts in asked.items()
        for fact in facts.split()
    ]
    apart = grouping._apart(pd.DataFrame(rows).assign(action="remove_grant", kind=0))
    bundles = apart.groupby("bundle")["id"].agg("".join)
    assert sorted(bundles) == sorted(["u", "x", "y", "x", "v", "w", "y", "w"])
