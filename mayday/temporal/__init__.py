"""How mayday talks to Temporal: the one plugin, the connection, search attributes and the embedded server."""
