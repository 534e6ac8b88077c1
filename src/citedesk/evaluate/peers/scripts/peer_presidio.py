"""Presidio's analyzer with its pattern recognisers over a blank spaCy pipeline: all of it but the language model."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import spacy
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine

_LANGUAGE = "en"


class Blank(SpacyNlpEngine):  # type: ignore[misc]
    """A pipeline that splits words and knows nothing of names."""

    def __init__(self) -> None:
        super().__init__(models=[{"lang_code": _LANGUAGE, "model_name": "blank"}])
        self.nlp = {_LANGUAGE: spacy.blank(_LANGUAGE)}

    def load(self) -> None:
        """Load nothing."""


def open_finder() -> Callable[[str], Iterator[tuple[str, int, int]]]:
    """Open the analyzer with its predefined recognisers."""
    logging.disable(logging.CRITICAL)
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=[_LANGUAGE])
    registry.remove_recognizer("SpacyRecognizer")
    engine: Any = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=[_LANGUAGE])

    def find(text: str) -> Iterator[tuple[str, int, int]]:
        for found in engine.analyze(text, language=_LANGUAGE):
            yield found.entity_type, found.start, found.end

    return find
