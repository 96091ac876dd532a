"""The compiled spatial index: a raster of tiles with the few edges that reach each."""
