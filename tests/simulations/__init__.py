"""Simulations: years in the life of the platform, in process, on real databases."""
