"""Noun types shared by every room; nothing here looks at the world."""
