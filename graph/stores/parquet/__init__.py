"""The embedded store: its Parquet files, locks, checks and anchor."""
