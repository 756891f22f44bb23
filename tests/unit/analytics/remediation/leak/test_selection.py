"""Which credentials are selected: by name, by where they are kept, by provider, by identity."""

import pytest

from analytics.posture import Posture
from analytics.remediation.leak.selection import Selection, WrongSelection, selected
from analytics.selectors import WrongSelector
from graph.access import AmbiguousThing, UnknownThing
from tests.support.estates.small_estates import Estate


def world() -> Estate:
    """State keys in a vault, in a container of it, in code, and of identities of two providers."""
    e = (
        Estate()
        .agent("bot", "idle")
        .account("svc", provider="aws")
        .account("app", provider="Entra")
    )
    e.thing("Credential", "k1", "k2", "k3").thing("Credential", "in-code", storage="code")
    e.thing("Credential", "dead", status="revoked").thing("Credential", "lone", storage="vault")
    e.resource("vault", type="secret_store").resource("shelf", type="folder", parent_id="vault")
    e.resource("code-repo", type="repository").resource("empty", type="attic")
    e.link("k1", "STORED_IN", "vault").link("k2", "STORED_IN", "shelf")
    e.link("dead", "STORED_IN", "vault").link("in-code", "STORED_IN", "code-repo")
    e.link("k1", "AUTHENTICATES_AS", "svc").link("k2", "AUTHENTICATES_AS", "app")
    e.link("dead", "AUTHENTICATES_AS", "svc").link("bot", "USES", "k3").link(
        "bot", "RUNS_AS", "svc"
    )
    return e


def names(posture: Posture, **words: tuple[str, ...]) -> set[str]:
    return {posture.graph.thing(int(n))["id"] for n in selected(posture, Selection(**words))}


@pytest.fixture(scope="module")
def posture() -> Posture:
    return world().posture()


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ({"credentials": ("k1", "K3")}, {"k1", "k3"}),
        ({"stores": ("vault",)}, {"k1", "k2", "dead"}),
        ({"stores": ("shelf",)}, {"k2"}),
        ({"stores": ("secret_store",)}, {"k1", "k2", "dead"}),
        ({"stores": ("type:repository",)}, {"in-code"}),
        ({"stores": ("storage:vault",)}, {"lone"}),
        ({"stores": ("code",)}, {"in-code"}),
        ({"providers": ("AWS",)}, {"k1", "dead"}),
        ({"providers": ("entra",)}, {"k2"}),
        ({"providers": ("estate",)}, {"k3", "in-code", "lone"}),
        ({"identities": ("bot",)}, {"k1", "k3", "dead"}),
        ({"identities": ("label:ServiceAccount",)}, {"k1", "k2", "dead"}),
        ({"identities": ("k2",)}, {"k2"}),
        ({"credentials": ("k3",), "providers": ("entra",)}, {"k3", "k2"}),
    ],
)
def test_words_select_credentials(posture, words, keys):
    assert names(posture, **words) == keys


@pytest.mark.parametrize(
    ("words", "error", "says"),
    [
        ({"credentials": ("nothing-like-it",)}, UnknownThing, "nothing is called"),
        ({"credentials": ("bot",)}, WrongSelection, r"bot is no credential \(Agent\)"),
        ({"stores": ("bot",)}, WrongSelection, "no credential is kept in it"),
        ({"stores": ("nowhere-at-all",)}, UnknownThing, "nothing is called"),
        ({"stores": ("empty",)}, WrongSelection, "no credential is selected"),
        ({"stores": ("storage:moon",)}, WrongSelection, "it is one of vault, code"),
        ({"stores": ("type:secret_stores",)}, WrongSelection, "nearest: secret_store"),
        ({"providers": ("entr",)}, WrongSelection, "nearest: entra"),
        ({"providers": ("moon",)}, WrongSelection, "known: aws, entra, estate"),
        ({"identities": ("idle",)}, WrongSelection, "no credential is selected"),
        ({"identities": ("label:Robot",)}, WrongSelector, "no label is called"),
    ],
)
def test_what_selects_nothing_says_why(posture, words, error, says):
    with pytest.raises(error, match=says) as refused:
        names(posture, **words)
    assert refused.value.exit_code == 2


def test_a_name_that_a_credential_shares_with_something_else_is_the_credentials():
    e = Estate().agent("a", name="same").thing("Credential", "k", name="same")
    assert names(e.posture(), credentials=("same",)) == {"k"}
    with pytest.raises(AmbiguousThing):
        names(e.thing("Credential", "l", name="Same").posture(), credentials=("same",))


def test_a_resource_wins_over_the_word_for_a_kind_of_storage():
    """The store is called as one of the words; `storage:` says that the word is meant."""
    e = Estate().resource("vault").thing("Credential", "here").link("here", "STORED_IN", "vault")
    e.thing("Credential", "there", storage="vault")
    assert names(e.posture(), stores=("vault",)) == {"here"}
    assert names(e.posture(), stores=("storage:vault",)) == {"there"}


def test_containers_that_contain_each_other_end():
    e = Estate().resource("x", parent_id="y").resource("y", parent_id="x").thing("Credential", "k")
    assert names(e.link("k", "STORED_IN", "x").posture(), stores=("y",)) == {"k"}
