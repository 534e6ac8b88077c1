"""Measure what the guard lets through, what it stops by mistake, and how long it takes."""
