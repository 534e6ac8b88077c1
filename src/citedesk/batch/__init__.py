"""Many tickets at once: classified block by block, and reclassified as a plan that is shown, applied and undone."""
