"""The only room that starts processes, opens connections or writes files."""
