"""Simulated incidents with known causes: how often the ranking is right, and how sure it may be."""
