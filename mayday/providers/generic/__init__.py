"""Any system that can post JSON, by a mapping in the catalog."""
