"""How fast, and in how much memory, logs become a case: us and the tools people use today, side by side."""
