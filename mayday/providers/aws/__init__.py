"""AWS: alarms and events in."""
