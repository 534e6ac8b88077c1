"""Read rows from files: JSON Lines, CSV, TSV and Parquet, one row at a time, whatever their size."""

from citedesk.triage.sources.files import columns_of, files_of, is_parquet, read_rows
from citedesk.triage.sources.place import Place, place
from citedesk.triage.sources.remote import Remote

__all__ = ["Place", "Remote", "columns_of", "files_of", "is_parquet", "place", "read_rows"]
