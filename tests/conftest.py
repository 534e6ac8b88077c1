"""What tests share: an encoder and a home with the starter knowledge base, each made once a run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from citedesk.desk import Desk, open_desk
from citedesk.encoding import Encoder, open_encoder
from citedesk.settings import Settings, shipped
from citedesk.store import Store, opened_store
from tests.reclassify_data import TICKETS, fill, rows, words_model

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose encoder is compiled; one for each worker."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def encoder(home: Path) -> Encoder:
    return open_encoder(Settings(home=home, threads=1))


@pytest.fixture(scope="session")
def desk(home: Path, encoder: Encoder) -> Iterator[Desk]:
    """A desk on the starter knowledge base. Read only: tests that write make their own."""
    desk = open_desk(Settings(home=home, threads=1))
    desk.library.add([shipped("kb")])
    yield desk
    desk.close()


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A triage model that reads words only; modules with a model of their own have another of this name."""
    return words_model(tmp_path_factory.mktemp("models") / "words")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A ticket store of its own, filled with tickets some of which have a wrong label."""
    with opened_store(tmp_path / "citedesk.db") as store:
        fill(store, rows(TICKETS))
        yield store
