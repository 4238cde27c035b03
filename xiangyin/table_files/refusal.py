"""Why a table cannot be read or written."""

from __future__ import annotations


class TableRefused(Exception):
    """The message is a Chinese sentence that names the file, the line or the column."""
