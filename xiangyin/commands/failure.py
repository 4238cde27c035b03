"""How a command says that it could not do its work."""

from __future__ import annotations

import sys

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

# What a database that is away or wrongly named raises, through SQLAlchemy or past it.
DATABASE_ERRORS = (SQLAlchemyError, OSError)


def failed(text: str) -> int:
    """Print a sentence to standard error; exit code 1."""
    print(text, file=sys.stderr)
    return 1


def database_reason(error: BaseException) -> str:
    """The driver's own words in one line, without the statement and its parameters."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return f"{type(cause).__name__}: {str(cause).split(chr(10))[0][:200]}"
