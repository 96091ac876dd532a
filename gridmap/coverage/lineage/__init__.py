"""What became of each area from one edition to the next."""
