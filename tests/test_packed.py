"""Jobs that travel with their files: the same results where those files are not, and no other version's."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from citedesk.batch.means import means_of
from citedesk.batch.packed import PackedJob, pack
from citedesk.batch.source import Batch
from citedesk.batch.triage_job import TriageJob
from citedesk.errors import ConflictError, IntegrityError
from citedesk.settings import Settings, shipped
from citedesk.triage.rows import Columns
from tests.ray_jobs import EchoJob

BATCH = Batch(0, [{"id": "a", "subject": "VPN fails", "body": "No tunnel."}, {"id": "b", "subject": "Printer jams"}])


@pytest.fixture
def job(tmp_path: Path) -> TriageJob:
    """A job of a home with a model, a policy and a catalog of its own."""
    home = tmp_path / "home"
    shutil.copytree(shipped("models") / "triage", home / "models" / "triage")
    for name in ("policy.toml", "catalog.toml"):
        shutil.copy(shipped("kb") / name, home / name)
    return TriageJob(means_of(Settings(home=home, principals=tmp_path / "principals.toml")), Columns(), Path("o.jsonl"))


def packed(job: TriageJob) -> PackedJob:
    found = pack(job)
    assert isinstance(found, PackedJob)
    return found


def test_packed_job_works_where_its_home_is_gone(job: TriageJob) -> None:
    expected, sent = job.open()(BATCH), packed(job)
    shutil.rmtree(job.means.settings.home)
    assert sent.open()(BATCH) == expected


def test_packed_job_opened_leaves_no_file(job: TriageJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = sorted(tmp_path.iterdir())
    packed(job).open()
    assert sorted(tmp_path.iterdir()) == before


def test_packed_job_says_nothing_of_principals(job: TriageJob) -> None:
    sent = packed(job).job
    assert isinstance(sent, TriageJob)
    assert sent.means.settings.principals is None


def test_packed_job_with_a_changed_file_is_refused(job: TriageJob) -> None:
    sent = packed(job)
    with pytest.raises(IntegrityError, match="differs from its manifest"):
        replace(sent, files={**sent.files, "model/model.json": b"{}"}).open()


def test_packed_job_of_another_citedesk_is_refused(job: TriageJob) -> None:
    sent = packed(job)
    with pytest.raises(ConflictError, match=r"a worker has the citedesk .*, the job is of 0.0.1; install the same"):
        replace(sent, versions={**sent.versions, "citedesk": "0.0.1"}).open()


def test_pack_of_a_job_without_files_gives_it_back() -> None:
    job = EchoJob()
    assert pack(job) is job
