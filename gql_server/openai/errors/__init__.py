"""Errors in the form of the OpenAI API, their statuses, and the translation of each."""
