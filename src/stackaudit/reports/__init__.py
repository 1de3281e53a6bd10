"""Tells an audit: each file holds one renderer; pure."""
