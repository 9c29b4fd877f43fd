"""Azure Monitor: alerts in."""
