"""New Relic: alerts in."""
