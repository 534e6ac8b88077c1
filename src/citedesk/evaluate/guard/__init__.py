"""Measures of the guard: what it finds, what it misses, and how long it takes."""
