"""Is a layer, or a batch of points, in the coordinate system it is said to be in?"""
