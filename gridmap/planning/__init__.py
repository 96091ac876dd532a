"""Planning: measures of a plan of grids, replay of past reports, comparison, suggestions."""
