"""Clusters that cannot be used: refused at once, in a process that is connected to no Ray."""

import pytest

from citedesk.batch.runners import open_runner
from citedesk.errors import InputError


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("127.0.0.1:1", "no Ray cluster answers there (ConnectionRefusedError); start one with: ray start --head"),
        ("ray://head:10001", "results are not streamed to a Ray client; run the command on a machine of the cluster"),
    ],
)
def test_open_runner_where_no_cluster_can_be_used_is_refused(address: str, words: str) -> None:
    with pytest.raises(InputError) as caught, open_runner("ray", 1, address):
        pass
    assert words in str(caught.value)
