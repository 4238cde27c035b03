"""Points in time as whole numbers in Asia/Shanghai, the same on both databases.

China keeps one offset and has had no summer time since 1991, so eight hours are added.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

OFFSET_SECONDS = 8 * 3600


class shanghai_seconds(GenericFunction[int]):
    """Seconds from 1970-01-01 00:00 to a point in time, both by the clock in Shanghai."""

    type = Integer()
    inherit_cache = True


@compiles(shanghai_seconds, "sqlite")
def _seconds_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    at = compiler.process(element.clauses, **options)
    # Without the fraction, which strftime would round up to the next second.
    return f"(CAST(strftime('%s', substr({at}, 1, 19)) AS INTEGER) + {OFFSET_SECONDS})"


@compiles(shanghai_seconds, "postgresql")
def _seconds_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    at = compiler.process(element.clauses, **options)
    return f"(CAST(floor(extract(epoch FROM {at})) AS BIGINT) + {OFFSET_SECONDS})"
