"""The HTTP doors of gridmap: routes parse and render, the workspace does the work."""
