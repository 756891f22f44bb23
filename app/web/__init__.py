"""The Streamlit app: its frame, its pages, and the parts that several pages share."""
