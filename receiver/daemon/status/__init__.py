"""The status page: what a person who was paged needs first, and the same for scripts."""
