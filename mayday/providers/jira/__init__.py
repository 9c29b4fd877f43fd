"""Jira and Jira Service Management."""
