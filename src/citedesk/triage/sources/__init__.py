"""Read rows from files: JSON Lines, CSV, TSV and Parquet, one row at a time, whatever their size."""

from citedesk.triage.sources.files import files_of, read_rows

__all__ = ["files_of", "read_rows"]
