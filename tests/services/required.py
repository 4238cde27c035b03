"""What to do when a real service is not installed: skip here, fail where CI promised it."""

from __future__ import annotations

import os
from typing import NoReturn, TypeVar

import pytest

Found = TypeVar("Found")


def in_ci() -> bool:
    """True where every service must be present (`CI=true`)."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def missing_service(reason: str) -> NoReturn:
    """Skip the test, or fail it when CI=true."""
    if in_ci():
        pytest.fail(f"CI=true, but {reason}", pytrace=False)
    pytest.skip(reason)


def require_service(found: Found | None, reason: str) -> Found:
    """`found` unless it is falsy; then skip with `reason`, or fail when CI=true."""
    if not found:
        missing_service(reason)
    return found
