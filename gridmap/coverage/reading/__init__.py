"""Reading polygon layers from files of any kind."""
