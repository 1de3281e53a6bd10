"""The only writer of files that people keep."""
