"""With what a batch run classifies: model, policy and catalog by where they lie, so that any process can open them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path

from citedesk import __version__
from citedesk.settings import Settings
from citedesk.triage import load_catalog, load_policy
from citedesk.triage.artifact import load_model
from citedesk.triage.classifier import Classifier, encoder_for
from citedesk.triage.demotions import demoted, read_demotions
from citedesk.triage.predict import Triage


@dataclass(frozen=True)
class Means:
    """A home's settings, a model's folder, a policy's file, and the heads to predict: all of them if none is named."""

    settings: Settings
    model: Path
    policy: Path
    heads: tuple[str, ...] = ()

    def __getstate__(self) -> dict[str, object]:
        """Send another process the places only: it loads what lies there itself."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @cached_property
    def triage(self) -> Triage:
        """Load model, policy and catalog.

        Raises:
            ConfigError: if catalog or policy breaks its schema.
            InputError: if the model has no such head.
            IntegrityError: if a file of the model differs from its checksum.
        """
        triage = Triage(load_model(self.model), load_policy(self.policy), load_catalog(self.settings.catalog))
        return triage.only(self.heads) if self.heads else triage

    def demoted(self) -> frozenset[str]:
        """Name the heads that spent their error budget."""
        return frozenset(demoted(read_demotions(self.settings.demotions), self.triage.model.version[:16]))

    def classifier(self, threads: int = 1) -> Classifier:
        """Open what classifies."""
        settings, model = replace(self.settings, threads=threads), self.triage.model
        encoder = encoder_for(settings, model.encoder) if model.reads_meaning else None
        return Classifier(self.triage, encoder, self.demoted())

    def versions(self) -> Mapping[str, str]:
        """Say what predictions depend on beside the tickets."""
        return {
            "model": self.triage.model.version,
            "policy": self.triage.policy.version,
            "catalog": self.triage.catalog.version,
            "encoder": self.triage.model.encoder,
            "citedesk": __version__,
        }


def means_of(
    settings: Settings, model: Path | None = None, policy: Path | None = None, heads: Sequence[str] = ()
) -> Means:
    """Choose a model, a policy and heads: those named, else the home's."""
    return Means(settings, model or settings.triage_model, policy or settings.policy, tuple(dict.fromkeys(heads)))
