"""The Streamlit app: its frame, its pages, and what several pages share."""
