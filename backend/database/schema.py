"""The whole schema: importing this module fills `metadata` with every table of the backend."""

from __future__ import annotations

import backend.conversation.tables
import backend.deployment.tables
import backend.duty.tables
import backend.organisation.tables
import backend.petitions.tables
import backend.surveys.tables  # noqa: F401
from backend.database.columns import metadata

__all__ = ["metadata"]
