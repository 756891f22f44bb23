"""Kubernetes: a Secret that is made for an account, and read, has a token of it (K4)."""

import pytest

from tests.unit.analytics.escalation.test_kubernetes import (
    ALL,
    BACK,
    BOTH,
    SHOP,
    accounts,
    cluster,
    gained,
    may,
    role,
)


@pytest.mark.parametrize(
    ("make", "look", "expected"),
    [
        ((SHOP,), (SHOP,), accounts("K4", *BOTH)),
        ((SHOP,), ("-",), accounts("K4", *BOTH)),
        (("-",), (SHOP,), accounts("K4", *BOTH)),
        (("-",), ("-",), accounts("K4", *ALL)),
        ((SHOP,), (BACK,), set()),
        ((SHOP,), (SHOP, "x"), set()),  # a name that may be taken
    ],
)
@pytest.mark.parametrize("verb", ["get", "list", "watch"])
def test_a_secret_that_is_made_for_an_account_gets_a_token_of_it(verb, make, look, expected):
    """The cluster fills it in, whoever made it.

    https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets
    """
    e = may(cluster(), "create", "secrets", *make)
    e = may(e, verb, "secrets", look[0], name="*".join(look[1:]) or "*")
    assert gained(e) == expected


def test_two_roles_together_make_a_token_and_read_it():
    e = may(cluster(), "create", "secrets", who=role("admin"))
    e = may(e, "get", "secrets", who=role("wide", "-"), namespace="-")
    for name in (role("admin"), role("wide", "-")):
        e.link("mallory", "ASSUMES", name, id=f"takes-{name}")
        assert gained(e, name) == set()
    assert gained(e) == accounts("K4", *BOTH)


def test_making_a_secret_is_not_reading_it():
    assert gained(may(cluster(), "create update", "secrets")) == set()
