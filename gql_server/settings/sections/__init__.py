"""Every setting, grouped as docs/settings.md shows them; `reference` writes that page from here."""
