"""Repairs as proposals that people review."""
