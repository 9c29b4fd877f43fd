"""Figures: how fast mayday is, each beside what raw Temporal does in the same run on the same server (docs/performance.md)."""
