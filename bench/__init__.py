"""Figures: how fast mayday is, beside what raw Temporal does in the same run on the same server."""
