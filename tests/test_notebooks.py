"""Every notebook runs from top to bottom."""

import warnings
from pathlib import Path

import pytest

from citedesk.settings import PACKAGE

NOTEBOOKS = sorted((PACKAGE.parents[1] / "notebooks").glob("*.ipynb"))


def test_notebooks_folder_is_not_empty() -> None:
    assert [path.name for path in NOTEBOOKS] != []


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_run_from_the_top_ends_without_error(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the notebook client's own dependencies
        import nbformat
        from nbclient import NotebookClient

        notebook = nbformat.read(path, as_version=4)
        NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    outputs = [out for cell in notebook.cells if cell.cell_type == "code" for out in cell.outputs]
    assert outputs and not [out for out in outputs if out.output_type == "error"]
