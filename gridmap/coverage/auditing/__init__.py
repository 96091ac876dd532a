"""What is wrong with a coverage, where, and whose it is."""
