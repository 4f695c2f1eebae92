"""Backups of an SQLite database and its folder of images, and their restoration."""
