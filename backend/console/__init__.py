"""Officials' pages, server-rendered: the queue, one petition, log-in."""

from backend.console.app import setup_console

__all__ = ["setup_console"]
