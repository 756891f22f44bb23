"""Files and places of rows, so that they hardly change when a line is inserted above.

A place such as `/Users/12/Groups/3` or `line 40` becomes a form without its numbers, and for each
number how much it differs from that of the row before. A file is named where it is another than
that of the row before, so an export with a date in its name changes one row.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MOST = 4  # numbers of a place
SAME, OTHER = "~", "="  # the file of the row before, and how another one begins
MARK = "\x01"  # stands in a form for a number
PLAIN, FORM = "=", "~"  # how a form begins: a place as it is, or one with marks
NUMBERS = [f"place_{n}" for n in range(1, MOST + 1)]
# Numbers that are not written as a number is, too many or too long: such a place stays as it is.
AS_IT_IS = rf"\x01|(^|[^0-9])0[0-9]|[0-9]{{10}}|([0-9]+[^0-9]+){{{MOST}}}[0-9]"
EACH = "^" + "".join(rf"[^0-9]*(?P<{name}>[0-9]*)" for name in NUMBERS)


def coded(table: pa.Table) -> pa.Table:
    """Replace files and places of a table by what differs from the row before."""
    table = table.set_column(table.column_names.index("file"), "file", _changes(table["file"]))
    place = _text(table["place"])
    plain = pc.match_substring_regex(place, AS_IT_IS)
    marked = pc.replace_substring_regex(place, "[0-9]+", MARK)
    form = pc.if_else(plain, _joined(PLAIN, place), _joined(FORM, marked))
    table = table.set_column(table.column_names.index("place"), "place", form)
    numbers = pc.extract_regex(pc.if_else(plain, "", place), EACH)
    for number, name in enumerate(NUMBERS):
        texts = pc.struct_field(numbers, number)
        known = pc.and_(pc.invert(pc.fill_null(plain, True)), pc.not_equal(texts, ""))
        values = pc.if_else(known, texts, None).cast(pa.int64())
        table = table.append_column(name, _differences(values))
    return table


def decoded(table: pa.Table) -> pa.Table:
    """Return the table that `coded` was given, whatever rows lay in between."""
    form = _text(table["place"])
    marks = pc.count_substring(form, MARK)
    body = pc.utf8_slice_codeunits(form, 1)
    pieces = pc.split_pattern(_joined(body, MARK * MOST), MARK)
    parts = [pc.list_element(pieces, 0)]
    for number, name in enumerate(NUMBERS):
        value = pa.array(np.cumsum(table[name].to_numpy())).cast(pa.string())
        parts += [pc.if_else(pc.greater(marks, number), value, "")]
        parts += [pc.list_element(pieces, number + 1)]
    joined = pc.binary_join_element_wise(*parts, "")
    plain = pc.starts_with(form, PLAIN)
    place = pc.if_else(plain, body, joined)
    table = table.drop(NUMBERS)
    table = table.set_column(table.column_names.index("file"), "file", _filled(table["file"]))
    return table.set_column(table.column_names.index("place"), "place", place)


def _changes(column: pa.ChunkedArray) -> pa.Array:
    """Return the files that differ from that of the row before."""
    files = pc.fill_null(_joined(OTHER, _text(column)), "")
    same = np.zeros(len(files), bool)
    same[1:] = pc.equal(files.slice(1), files.slice(0, max(len(files) - 1, 0)))
    return pc.if_else(pa.array(same), SAME, files)


def _filled(column: pa.ChunkedArray) -> pa.Array:
    """Return the files of all rows."""
    files = _text(column)
    named = pc.not_equal(files, SAME).to_numpy(zero_copy_only=False)
    rows = np.maximum.accumulate(np.where(named, np.arange(len(files)), 0))
    files = files.take(pa.array(rows))
    return pc.if_else(pc.equal(files, ""), None, pc.utf8_slice_codeunits(files, 1))


def _differences(values: pa.Array) -> pa.Array:
    """Return how much each number differs from the last one before it; 0 where there is none."""
    known = np.flatnonzero(values.is_valid().to_numpy(zero_copy_only=False))
    made = np.zeros(len(values), np.int32)  # numbers have nine digits at most
    made[known] = np.diff(values.drop_null().to_numpy(), prepend=0)
    return pa.array(made)


def _text(column: pa.ChunkedArray) -> pa.Array:
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return array.cast(pa.string())


def _joined(*parts: object) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")
