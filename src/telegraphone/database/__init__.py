"""Keeps the list of recordings and the audit trail in SQL: SQLite by default; and an in-memory list for trying things out."""
