"""Verifiers in processes: Objects in, Reports out."""
