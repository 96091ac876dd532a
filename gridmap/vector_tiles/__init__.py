"""Vector tiles (MVT 2.1) of the areas of an edition, one layer a level.

Borders that areas share are simplified together and put onto the tile's whole numbers vertex by
vertex, so that neighbours meet at every zoom and across the edges of tiles.

================  =================================================================
:mod:`.grid`      Web Mercator, which tiles there are and what each covers
:mod:`.ladder`    the areas of a level at each zoom, simplified as one coverage
:mod:`.encode`    polygons as the bytes of a tile
:mod:`.tileset`   the tiles of one level of one edition
================  =================================================================
"""
