"""Who somebody is by the claims of the provider, and what the file of roles makes of it."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sign_in import AHEAD, SECRET, Policy, Roles, SignIn, read_sign_in
from graph.files.regular import InputRefused
from graph.journal.rights import EVERY_ROLE

NOW = pd.Timestamp("2026-08-10T12:00:00Z")
PROVIDER = """
[provider]
metadata_url = "https://login.acme.test/.well-known/openid-configuration"
client_id = "trustdebt"
client_secret = "not-told"
"""
ROLES = """
[roles]
claim = "groups"
everybody = ["viewer"]
[roles.of_claim]
"td-risk" = ["owner", "reviewer"]
[roles.of_person]
"Ann@acme.test" = ["admin"]
"https://idp|7" = ["auditor"]
"""
ANN = {
    "is_logged_in": True,
    "iss": "https://idp",
    "sub": "1",
    "email": "ann@acme.test",
    "iat": NOW.timestamp(),
}


def sign_in(tmp_path: Path, text: str = "") -> SignIn:
    file = tmp_path / "people.toml"
    file.write_text(PROVIDER + text)
    return read_sign_in(file)


def roles(tmp_path: Path, text: str = ROLES, **claims: Any) -> set[str]:
    person = sign_in(tmp_path, text).policy().person(ANN | claims, NOW)
    assert person is not None
    return set(person.roles)


def test_roles_come_from_the_claim_the_person_and_everybody(tmp_path: Path) -> None:
    assert roles(tmp_path) == {"viewer", "admin"}
    assert roles(tmp_path, email="bob@acme.test") == {"viewer"}
    assert roles(tmp_path, email="bob@acme.test", groups=["td-risk", "staff"]) == {
        "viewer",
        "owner",
        "reviewer",
    }
    assert roles(tmp_path, email="bob@acme.test", sub="7") == {"viewer", "auditor"}


def test_a_value_of_the_claim_is_a_role_only_where_no_table_says_otherwise(tmp_path: Path) -> None:
    own = '[roles]\nclaim = "realm.roles"\n'
    claims = {"realm": {"roles": ["auditor", "king"]}}
    assert roles(tmp_path, own, **claims) == {"auditor"}
    assert roles(tmp_path, ROLES, groups=["admin"], email="bob@acme.test") == {"viewer"}


@pytest.mark.parametrize("groups", [None, 7, "td-risk", {"td-risk": 1}, [["td-risk"]], [None, 1]])
def test_a_claim_of_another_shape_gives_what_it_names_and_no_more(
    tmp_path: Path, groups: Any
) -> None:
    expected = {"owner", "reviewer"} if groups == "td-risk" else set()
    assert roles(tmp_path, email="b@c.test", groups=groups) == {"viewer"} | expected


def test_an_unverified_e_mail_is_nobody_s_name(tmp_path: Path) -> None:
    person = sign_in(tmp_path, ROLES).policy().person(ANN | {"email_verified": False}, NOW)
    assert person is not None
    assert (person.name, person.account) == ("https://idp|1", "https://idp|1")
    assert person.roles == {"viewer"}


@pytest.mark.parametrize(
    ("age", "counts"),
    [(0.0, True), (8 * 3600.0, True), (8 * 3600.0 + 1, False), (-AHEAD, True), (-AHEAD - 1, False)],
)
def test_a_sign_in_counts_for_its_maximum_age(tmp_path: Path, age: float, counts: bool) -> None:
    claims = ANN | {"iat": NOW.timestamp() - age}
    assert (sign_in(tmp_path).policy().person(claims, NOW) is not None) == counts


@pytest.mark.parametrize(
    "claims",
    [
        {"is_logged_in": False},
        {"iat": None},
        {"iat": "now"},
        {"iat": True},
        {"iat": float("nan")},
        {"iss": ""},
        {"sub": None},
    ],
)
def test_who_lacks_a_claim_is_nobody(tmp_path: Path, claims: dict[str, Any]) -> None:
    assert sign_in(tmp_path).policy().person(ANN | claims, NOW) is None


def test_a_maximum_age_that_is_shortened_counts_at_once(tmp_path: Path) -> None:
    setup, claims = sign_in(tmp_path), ANN | {"iat": NOW.timestamp() - 3600}
    assert setup.policy().person(claims, NOW) is not None
    setup.path.write_text(PROVIDER + '[session]\nmax_age = "59m"\n')
    assert setup.policy().person(claims, NOW) is None


def test_a_role_that_is_taken_away_in_the_file_is_gone_at_once(tmp_path: Path) -> None:
    setup = sign_in(tmp_path, ROLES)
    before = setup.policy().person(ANN, NOW)
    setup.path.write_text(PROVIDER + ROLES.replace('"admin"', '"analyst"'))
    after = setup.policy().person(ANN, NOW)
    assert before is not None
    assert after is not None
    assert (before.roles, after.roles) == ({"viewer", "admin"}, {"viewer", "analyst"})


@pytest.mark.parametrize("text", ["[roles", '[roles]\neverybody = ["king"]\n', None])
def test_nobody_has_a_role_while_the_file_cannot_be_read(tmp_path: Path, text: str | None) -> None:
    setup = sign_in(tmp_path, ROLES)
    if text is None:
        setup.path.unlink()
    else:
        setup.path.write_text(PROVIDER + text)
    person = setup.policy().person(ANN, NOW)
    assert person is not None
    assert person.roles == frozenset()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[roles]\neverybody = [1]\n", "roles.everybody"),
        ('[roles]\neverybody = ["viewer", 1]\n', "roles.everybody"),
        ("[roles]\nclaim = 1\n", "roles.claim"),
        ('[roles]\neverybody = ["king"]\n', "roles.everybody"),
        ('[roles.of_claim]\nstaff = ["king"]\n', "roles.of_claim.staff"),
        ("[roles]\nof_person = 3\n", "roles.of_person"),
        ("[role]\n", "role"),
        ('[session]\nmax_ages = "8h"\n', "session.max_ages"),
        ('[session]\nmax_age = "31 days"\n', "session.max_age"),
        ('[session]\nmax_age = "-8h"\n', "session.max_age"),
        ('[session]\nmax_age = "soon"\n', "session.max_age"),
        ("[session]\nmax_age = 8\n", "session.max_age"),
        ('[session]\ncookie_secret = "short"\n', "session"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(InputRefused) as refused:
        sign_in(tmp_path, text)
    assert refused.value.place == place


@pytest.mark.parametrize("key", ["metadata_url", "client_id", "client_secret"])
def test_what_is_missing_is_named(tmp_path: Path, key: str) -> None:
    file = tmp_path / "people.toml"
    lines = [line for line in PROVIDER.splitlines() if not line.startswith(key)]
    file.write_text("\n".join(lines))
    with pytest.raises(InputRefused, match=f"lacks {key}"):
        read_sign_in(file)


def test_a_provider_is_reached_encrypted_unless_it_is_on_this_machine(tmp_path: Path) -> None:
    file = tmp_path / "people.toml"
    for url, refused in (("http://login.acme.test/x", True), ("http://127.0.0.1:9400/x", False)):
        file.write_text(
            PROVIDER.replace("https://login.acme.test/.well-known/openid-configuration", url)
        )
        if refused:
            with pytest.raises(InputRefused, match="https://"):
                read_sign_in(file)
        else:
            assert read_sign_in(file).metadata_url == url


def test_the_secret_of_the_client_may_be_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET, "of-the-environment")
    assert sign_in(tmp_path).client_secret == "of-the-environment"


def test_without_a_secret_for_cookies_one_is_made_for_each_start(tmp_path: Path) -> None:
    first, second = sign_in(tmp_path), sign_in(tmp_path)
    assert len(first.cookie_secret) == 64
    assert first.cookie_secret != second.cookie_secret


CLAIMS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["groups", "iat", "sub", "iss", "email", "is_logged_in"]), CLAIMS
    )
)
def test_no_claims_make_it_fail_or_give_a_role_that_is_not_there(claims: dict[str, Any]) -> None:
    person = Policy().person(claims, NOW)
    assert person is None or person.roles == frozenset()
    assert Roles("groups").of(claims, "x") <= EVERY_ROLE
