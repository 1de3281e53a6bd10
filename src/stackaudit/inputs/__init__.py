"""Reads what the project declares."""
