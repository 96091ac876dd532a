"""The spatial index: points to atoms to ancestors; margins, ties, outside."""
