"""Changes of a state in the order in which they count."""

from ingest.lives import in_order


def test_of_one_instant_the_state_that_is_hardest_to_undo_is_the_last():
    changes = [(5, "deleted", ""), (5, "active", ""), (5, "revoked", ""), (5, "disabled", "")]
    states = [state for _, state, _ in in_order(changes)]
    assert states == ["active", "disabled", "revoked", "deleted"]


def test_a_leak_counts_unless_the_credential_had_ended():
    ended = [(1, "active", ""), (2, "revoked", ""), (3, "leaked", "")]
    assert in_order(ended)[-1] == (2, "revoked", "")
    renewed = [*ended, (4, "active", ""), (5, "leaked", "")]
    assert in_order(renewed)[-1] == (5, "leaked", "")
