"""The health of the knowledge base."""
