"""Turns findings into verdicts under a policy; pure."""
