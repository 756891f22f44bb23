"""Charts of pages: what stands on a bar can be read there."""

import pandas as pd

from app.web.drawing.charts import pillars


def test_hatched_parts_of_pillars_have_no_text_on_them() -> None:
    """White figures on hatching could not be read; the table beside the bars has them."""
    rows = pd.DataFrame({"title": ["Policy"], "shown": [0.4], "broken": [0.25], "unknown": [0.35]})
    texts = {bar.name: list(bar.text) for bar in pillars(rows).data}
    assert texts == {"In evidence": ["40%"], "Broken": ["25%"], "Unknown": [""]}
