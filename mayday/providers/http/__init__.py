"""Requests to endpoints of the house, for `http.request` and the catalog's own actions."""
