"""Citizens' own pages, opened from an account's menu."""

from backend.citizen_pages.app import setup_citizen_pages
from backend.citizen_pages.dependencies import CitizenPages

__all__ = ["CitizenPages", "setup_citizen_pages"]
