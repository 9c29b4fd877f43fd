"""Everbridge."""
