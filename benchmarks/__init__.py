"""Comparisons with rivals on the same data in one run; `make bench` prints the ratios."""
