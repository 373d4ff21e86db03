"""Intake: from sources to events: who reads a log, what its lines become, and how they come to lie in a case."""
