"""A source and a span of time -> the objects to read."""
