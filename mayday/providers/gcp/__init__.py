"""Google Cloud Monitoring: alerts in."""
