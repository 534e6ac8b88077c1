"""The error tree: its docstring is the contract that the command line and HTTP are read from."""

import re

import pytest

from citedesk import errors
from citedesk.errors import CiteDeskError

TREE: list[type[CiteDeskError]] = [
    value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, CiteDeskError)
]
# Name, exit code and status as the docstring draws them.
DRAWN = re.findall(r"── (\w+).*?exit (\d+), HTTP (\d+)", errors.__doc__ or "")


def test_tree_of_the_docstring_names_exit_code_and_status_of_every_branch() -> None:
    branches = {(c.__name__, str(c.exit_code), str(c.status)) for c in TREE if c.__base__ is CiteDeskError}
    assert set(DRAWN) == branches


@pytest.mark.parametrize("error", [c for c in TREE if c.__base__ is not CiteDeskError and c is not CiteDeskError])
def test_leaf_of_the_tree_reports_like_its_branch(error: type[CiteDeskError]) -> None:
    branch = error.__mro__[1]
    assert issubclass(branch, CiteDeskError)
    assert (error.exit_code, error.status) == (branch.exit_code, branch.status)


def test_exit_codes_of_branches_are_distinct() -> None:
    codes = sorted(c.exit_code for c in TREE if c is CiteDeskError or c.__base__ is CiteDeskError)
    assert codes == list(range(1, 13))
