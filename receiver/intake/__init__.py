"""Taking batches: claim, read, verify, record. One verdict for each object name and etag."""
