"""How far one comes on foot: the network of streets, minutes, areas within reach, coverage.

:class:`~gridmap.reach.streets.Streets` is what others call.
"""
