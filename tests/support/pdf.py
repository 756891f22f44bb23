"""What is inside of a PDF, as far as tests ask."""

import re
import zlib

A4 = (595.28, 841.89)  # points


def inside(data: bytes) -> bytes:
    """Return a PDF with every stream that can be inflated."""
    parts = [data]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.S):
        try:
            parts.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return b"\n".join(parts)


def page_count(text: bytes) -> int:
    """Return how many pages an inflated PDF has."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", text))


def sizes(text: bytes) -> list[tuple[float, float]]:
    """Return the width and the height that an inflated PDF states for its pages, in points."""
    boxes = re.findall(rb"/MediaBox\s*\[([^\]]+)\]", text)
    return [(float(box.split()[2]), float(box.split()[3])) for box in boxes]
