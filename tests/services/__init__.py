"""Real services for tests (PostgreSQL, Valkey, Chromium, Kannel), started on free ports."""
