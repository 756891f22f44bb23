"""The history of the embedded store: packed snapshots as rows with a first and a last turn.

    history/catalog-<hash>.json     volumes, segments and packed snapshots; CURRENT has its hash
    history/<first>-<last>-<n>/     a segment: what was new and what ended in these turns
    history/<segment>/<X>.parquet   new rows of X: `first` turn, `rank` in the order of the frame
    history/<segment>/ended.parquet rows, by their number in the volume, and their `last` turn

Each packed snapshot has a turn. A volume begins with all rows of a snapshot, and goes on with what
each later one changed; no segment is written to again: several are merged into another one.
"""
