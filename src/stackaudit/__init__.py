"""Audits a production Python stack and tells the truth about it."""

__version__ = "0.1.0"
