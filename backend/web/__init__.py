"""What officials' pages and the JSON API share: sessions, CSRF, headers, limits, errors."""
