"""The console asks questions of a folder of one's own, and says which files it cannot use."""

from pathlib import Path

import pytest

from app.questions import VARIABLE
from tests.e2e.conftest import Open
from tests.e2e.said import texts

OWN = 'question = "How many ![x](http://pwned.test)?"\nwhy = "**w** [a](http://pwned.test)"\n'


def test_own_questions_are_asked_escaped_and_wrong_files_told(
    open_page: Open, store: Path, tmp_path: Path, around: pytest.MonkeyPatch
) -> None:
    (tmp_path / "how_many.toml").write_text(OWN + 'sql = "SELECT count(*) AS n FROM Agent"\n')
    (tmp_path / "writes.toml").write_text(OWN + 'sql = "DELETE FROM Agent"\n')
    (tmp_path / "reads_file.toml").write_text(
        OWN + "sql = \"SELECT * FROM read_csv('/etc/passwd')\"\n"
    )
    around.setenv(VARIABLE, str(tmp_path))
    page = open_page(store, "console", question="how_many")
    assert not page.exception
    assert [list(f.value["n"]) for f in page.dataframe if "n" in f.value] == [[6]]
    (warning,) = page.warning
    assert "writes: sql: a query is one SELECT" in warning.value.replace("\\", "")
    assert "](http" not in "".join(m.value for m in page.markdown), texts(page)
    refused = open_page(store, "console", question="reads_file")
    assert any("Refused" in error.value for error in refused.error)
