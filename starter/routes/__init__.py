"""The starter's HTTP routes, one file a subject."""
