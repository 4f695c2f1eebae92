"""The types of fields, pages and settings that several endpoints share."""
