"""Builds throwaway stacks."""
