"""The systems that people would otherwise use, each with its pinned packages and its script.

Leaves out servers (Elasticsearch, Qdrant): they need more than `pip install`.
"""

from dataclasses import dataclass
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent / "scripts"
# An exact version is a known CPU build; of a range pip takes gigabytes of GPU libraries.
_TORCH = "torch==2.13.0"


@dataclass(frozen=True, slots=True)
class Peer:
    """A system to compare with.

    name: as given to --peer. script: its adaptor, see `scripts/run_peer.py`. requirements: what pip installs into
    its environment, pinned; with none it runs in this interpreter. encodes: whether it is handed the model folder.
    """

    name: str
    script: Path
    requirements: tuple[str, ...] = ()
    encodes: bool = False

    @property
    def packages(self) -> tuple[str, ...]:
        """Names of the pinned packages."""
        return tuple(requirement.split("==")[0] for requirement in self.requirements if "==" in requirement)


PEERS = {
    peer.name: peer
    for peer in (
        Peer("bm25s", SCRIPTS / "peer_bm25s.py", ("bm25s==0.3.16", "PyStemmer==3.1.0")),
        Peer("fake", SCRIPTS / "peer_fake.py"),
        Peer(
            "haystack-ai",
            SCRIPTS / "peer_haystack.py",
            # 3.4.1 is the same code, and asks for a certifi younger than some indexes hold.
            (_TORCH, "haystack-ai==3.4.0", "sentence-transformers==6.2.0", "sentence-transformers-haystack==2.0.0"),
            encodes=True,
        ),
        Peer(
            "sentence-transformers",
            SCRIPTS / "peer_sentence_transformers.py",
            (_TORCH, "sentence-transformers==6.2.0"),
            encodes=True,
        ),
        Peer("txtai", SCRIPTS / "peer_txtai.py", (_TORCH, "txtai==9.14.0"), encodes=True),
    )
}

# Systems that find personal data or secrets in texts, see `scripts/run_finder.py`.
FINDERS = {
    peer.name: peer
    for peer in (
        Peer("detect-secrets", SCRIPTS / "peer_detect_secrets.py", ("detect-secrets==1.5.0",)),
        Peer("fake", SCRIPTS / "peer_fake_finder.py"),
        Peer("presidio", SCRIPTS / "peer_presidio.py", ("presidio-analyzer==2.2.366", "spacy==3.8.18")),
    )
}
