"""The places of the page: the figures in a line, the picture, and the rail beside it."""

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.web.drawing.canvas import HEIGHT

RAIL = 470  # pixels of the panel under the controls


@dataclass(frozen=True)
class Frame:
    """Where each part of the page goes, whatever the order in which they are worked out."""

    figures: DeltaGenerator
    left: DeltaGenerator
    controls: DeltaGenerator
    panel: DeltaGenerator


def framed() -> Frame:
    """Lay the page out: the picture gets most of the width."""
    figures = st.container(gap="small")
    left, rail = st.columns([5, 2], gap="small")
    controls = rail.container(key="rail", gap="small")
    panel = rail.container(border=True, height=min(RAIL, HEIGHT), key="panel")
    return Frame(figures, left, controls, panel)
