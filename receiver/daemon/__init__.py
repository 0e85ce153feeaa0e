"""The daemon: it watches the places that jobs write to, and judges each batch as it arrives."""
