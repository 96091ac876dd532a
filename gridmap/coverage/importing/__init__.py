"""From a layer's columns to areas of one level."""
