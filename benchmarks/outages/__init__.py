"""A seeded simulator of request streams with known outages, a scorer, and textbook methods to compare with."""
