"""With what a part of batch runs is measured: model, tickets, workers; and the job made of them as the command does."""

from dataclasses import dataclass, replace
from pathlib import Path

from citedesk.batch.means import Means
from citedesk.batch.plan_job import PlanJob
from citedesk.batch.source import Progress, Source
from citedesk.batch.trust import measure_trust
from citedesk.settings import Settings
from citedesk.triage import folds
from citedesk.triage.rows import Columns


@dataclass(frozen=True, slots=True)
class Work:
    """What a part is measured with.

    settings: the home whose policy, catalog and encoder are used. model: its folder. tickets: JSON Lines. folder: for
    what is written. workers: processes. rounds: how often what is compared takes turns. runner: `local` or `ray`.
    """

    settings: Settings
    model: Path
    tickets: Path
    columns: Columns
    folder: Path
    workers: int
    rounds: int = 1
    runner: str = "local"
    show: folds.Progress = folds.silent

    def job(self) -> PlanJob:
        """Load the model; what its heads predict is compared with the columns of their names."""
        means = Means(self.settings, self.model, self.settings.policy)
        return PlanJob(means, self.columns, {head: head for head in means.triage.model.heads})

    def weighing(self, job: PlanJob, source: Source) -> PlanJob:
        """Weigh predictions against the labels of a source, trusted as far as a sample says, as the command does."""
        self.show(0, source.total, "judging current labels")
        classifier = job.means.classifier(job.means.settings.threads)
        return replace(job, trust=measure_trust(source, classifier, job.columns, job.heads))

    def progress(self, what: str) -> Progress:
        """Make a progress that says what is under way."""
        return lambda done, total: self.show(done, total, what)
