"""Every notebook runs from top to bottom without a warning, and is kept without outputs."""

import warnings
from pathlib import Path
from typing import Any

import pytest

from citedesk.settings import PACKAGE

NOTEBOOKS = sorted((PACKAGE.parents[1] / "notebooks").glob("*.ipynb"))
# What a cell runs first: a warning ends the notebook, as it would a test; plots go nowhere.
STRICT = "import warnings\nwarnings.simplefilter('error')\nimport matplotlib\nmatplotlib.use('agg')"


def _read(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the notebook client's own dependencies
        import nbformat

        return nbformat.read(path, as_version=4)


def _run(path: Path) -> Any:
    notebook = _read(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import nbformat
        from nbclient import NotebookClient

        notebook.cells.insert(0, nbformat.v4.new_code_cell(STRICT))
        NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    return notebook


def test_notebooks_are_numbered_without_a_gap() -> None:
    assert [path.name[:3] for path in NOTEBOOKS] == [f"{i:02}_" for i in range(1, len(NOTEBOOKS) + 1)]
    assert len(NOTEBOOKS) >= 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_in_the_repository_holds_no_output(path: Path) -> None:
    code = [cell for cell in _read(path).cells if cell.cell_type == "code"]
    assert [(cell.outputs, cell.execution_count) for cell in code] == [([], None)] * len(code)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_run_from_the_top_ends_without_error(path: Path) -> None:
    cells = [cell for cell in _run(path).cells if cell.cell_type == "code"]
    outputs = [out for cell in cells for out in cell.outputs]
    assert outputs and not [out for out in outputs if out.output_type == "error" or out.get("name") == "stderr"]
