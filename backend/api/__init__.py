"""The JSON API under /api/v1 and its OpenAPI document."""

from backend.api.app import setup_api

__all__ = ["setup_api"]
