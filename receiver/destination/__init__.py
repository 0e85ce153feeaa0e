"""destination_conf -> Destination."""
