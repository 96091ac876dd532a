"""What stands in the grids and who serves in them: places, organisations, rosters."""
