"""The command `assurance`: statements of all identities, of one, and what is refused."""


def test_the_statement_of_one_identity(cli):
    (row,) = cli("assurance", "bot", "--json").result["statements"]
    assert (row["id"], row["label"]) == ("bot", "Agent")
    verdicts = {claim["claim"]: claim["verdict"] for claim in row["claims"]}
    assert verdicts["owner"] == "proven"
    assert verdicts["purpose"] == verdicts["expiry"] == "not_proven"
    assert row["proven"] + row["not_proven"] + row["unknown"] == len(verdicts) == 7


def test_all_of_them_are_counted_by_claim(cli):
    result = cli("assurance", "--json", "--limit", "0").result
    names = {row["id"] for row in cli("identities", "--json", "--limit", "0").result["identities"]}
    assert {row["id"] for row in result["statements"]} == names
    assert {each["of"] for each in result["by_claim"].values()} == {len(names)}


def test_it_can_be_drawn_and_names_from_data_are_escaped(cli):
    said = cli("assurance", "--limit", "0")
    assert (said.code, said.err) == (0, "")
    assert "\x1b[31m" not in said.out
    assert "settled by" in said.out


def test_what_nobody_answers_for_has_no_statement(cli):
    error = cli("assurance", "ledger", "--json").refused(2)
    assert "trustdebt identities" in error["message"]
    cli("assurance", "nobody", "--json").refused(2)
