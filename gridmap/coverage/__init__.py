"""Coverages: read layers, map columns, audit; editions of them."""
