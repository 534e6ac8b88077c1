"""Other systems on the same work: each in its own environment, measured beside CiteDesk by the same code."""

from citedesk.evaluate.peers.compare import compare
from citedesk.evaluate.peers.finders import Found, run_finder
from citedesk.evaluate.peers.registry import FINDERS, PEERS, Peer
from citedesk.evaluate.peers.workload import Workload, read_workload

__all__ = ["FINDERS", "PEERS", "Found", "Peer", "Workload", "compare", "read_workload", "run_finder"]
