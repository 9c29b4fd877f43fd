"""Jira Service Management Operations."""
