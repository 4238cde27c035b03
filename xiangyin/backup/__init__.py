"""One file that holds an installation: its SQL rows, media and models, and what
the spool has not handed on.

Rows are kept as values, not as a database's own pages: a backup of SQLite can be restored into
PostgreSQL and the other way, and one of an older schema is migrated forward while it is restored.
"""
