"""Notice text that gives orders to software: rules for families, and a learned score."""
