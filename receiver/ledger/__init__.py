"""What was seen and judged, durably: one verdict for each object name and etag."""
