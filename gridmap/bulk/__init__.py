"""Bulk work: files of any length in, files out, in constant memory."""
