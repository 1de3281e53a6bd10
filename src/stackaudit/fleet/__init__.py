"""Asks all workers of a broker at once what they run, and receives what they tell."""
