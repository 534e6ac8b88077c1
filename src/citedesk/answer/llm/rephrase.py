"""Let a language model rephrase an answer, within time and money, and keep what is proved; else the answer stands.

The one place that decides whether a model is asked and what becomes of its failure: nothing but a count.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from citedesk.answer.llm.breaker import Breaker
from citedesk.answer.llm.budget import Budget, Tokens, tokens_of
from citedesk.answer.llm.client import Client
from citedesk.answer.llm.judge import Judged, assembled, judge, may_be_rephrased
from citedesk.answer.llm.probe import Abilities, probe
from citedesk.answer.llm.prompt import Prompt, prompt_of
from citedesk.answer.llm.reply import completion_of, offered_of
from citedesk.errors import CiteDeskError, ModelError
from citedesk.settings import LlmSettings
from citedesk.telemetry import Metrics, log_event
from citedesk.types import Sentence

# Of the sentences given to the model this share must come back sound; a patchwork reads worse than quotes.
_LEAST_KEPT = 0.5
# What the trial calls of a probe may take together.
_PROBE_TAKES = Tokens(400, 200)
# Not the server's fault: these do not count towards opening the circuit.
_OUR_OWN = frozenset({"budget", "busy", "open"})
T = TypeVar("T")
_STATES = {"closed": 0.0, "half-open": 0.5, "open": 1.0}


@dataclass(frozen=True, slots=True)
class Rephrased:
    """What became of one answer.

    sentences: rephrased where that was proved; None if the extracted answer stands. given: sentences the model got.
    judged: all it offered. model: its name. failure: why there is nothing from it, in one word. seconds: it took.
    """

    sentences: tuple[Sentence, ...] | None
    given: int = 0
    judged: tuple[Judged, ...] = ()
    model: str = ""
    failure: str = ""
    seconds: float = 0.0

    @property
    def dropped(self) -> Mapping[str, int]:
        """How many offered sentences were dropped, by reason."""
        return dict(sorted(Counter(each.reason for each in self.judged if each.reason).items()))


@dataclass(frozen=True, slots=True)
class Bounds:
    """What keeps the calls within bounds, and what counts them."""

    budget: Budget
    metrics: Metrics
    breaker: Breaker = field(default_factory=Breaker)


class Rephraser:
    """A language model that may rephrase. Safe between threads. `watch` is told what became of every answer."""

    def __init__(self, settings: LlmSettings, client: Client, bounds: Bounds) -> None:
        self._settings, self._client, self._bounds = settings, client, bounds
        self._free = threading.BoundedSemaphore(settings.concurrency)
        self._abilities: Abilities | None = None
        self._probing = threading.Lock()
        self.watch: Callable[[Rephrased], None] = _nobody

    @property
    def model(self) -> str:
        """The model's name, once it is known."""
        return self._abilities.model if self._abilities else self._settings.model

    def rephrase(self, ticket: str, sentences: Sequence[Sentence]) -> Rephrased:
        """Rephrase an answer as far as that is proved; never fails.

        Args:
            ticket: its redacted text.
            sentences: the extracted answer.

        Returns:
            What became of it, within the timeout and a little.
        """
        metrics, started = self._bounds.metrics, time.perf_counter()
        try:
            with metrics.timed("llm_rephrasings"):
                done = self._rephrase(ticket, sentences)
        except ModelError as error:
            done = Rephrased(None, failure=error.kind)
        except Exception as error:  # noqa: BLE001  what is optional must not fail a suggestion
            log_event("llm_fault", logging.ERROR, error=type(error).__name__)
            done = Rephrased(None, failure="fault")
        self._count(done)
        done = replace(done, seconds=time.perf_counter() - started)
        self.watch(done)
        return done

    def probe(self, seconds: float | None = None) -> Abilities:
        """Find out what the model can do, unless that is known.

        Raises:
            ModelError: if it cannot be asked, or does not answer.
        """
        deadline = time.monotonic() + (self._settings.timeout if seconds is None else seconds)
        if not self._probing.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise ModelError("busy")
        try:
            if self._abilities is None:
                self._bounds.budget.reserve(_PROBE_TAKES)
                able = self._guarded(lambda: probe(self._client, self._settings.model, partial(_left, deadline)))
                log_event("llm_probed", model=able.model, schema=able.schema, seed=able.seed, context=able.context)
                self._abilities = able
            return self._abilities
        finally:
            self._probing.release()

    def probe_soon(self) -> None:
        """Probe in a thread; a failure is tried again with the first answer."""
        threading.Thread(target=self._probe_quietly, name="citedesk-llm-probe", daemon=True).start()

    def measure(self) -> None:
        """Set the gauge of the circuit: 0 closed, 0.5 half-open, 1 open."""
        self._bounds.metrics.gauge("llm_breaker", _STATES[self._bounds.breaker.state])

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def _probe_quietly(self) -> None:
        try:
            self.probe()
        except CiteDeskError as error:
            log_event("llm_probe_failed", logging.WARNING, error=getattr(error, "kind", type(error).__name__))

    def _rephrase(self, ticket: str, sentences: Sequence[Sentence]) -> Rephrased:
        given = [place for place, sentence in enumerate(sentences) if may_be_rephrased(sentence)]
        if not given:
            return Rephrased(None, failure="nothing_to_rephrase")
        deadline = time.monotonic() + self._settings.timeout
        able = self.probe(_left(deadline))
        asked = self._prompt(ticket, [sentences[place].text for place in given], able)
        content = self._asked(able, asked, deadline)
        places = dict(zip(asked.tokens, given, strict=False))
        judged = judge(offered_of(content, able.schema), sentences, places)
        kept = {place for each in judged if each.reason is None for place in each.places}
        whole = assembled(sentences, judged)
        few = len(kept) < _LEAST_KEPT * len(given)
        failure = "too_few_kept" if few else "nothing_changed" if whole == tuple(sentences) else ""
        return Rephrased(None if failure else whole, len(given), judged, able.model, failure)

    def _prompt(self, ticket: str, quotes: Sequence[str], able: Abilities) -> Prompt:
        """Fit the prompt into the budget of a suggestion and the model's own bound: a shorter ticket, fewer quotes."""
        most = min(self._settings.budget, able.context or self._settings.budget)
        for text, count in ((ticket, len(quotes)), *(("", count) for count in range(len(quotes), 0, -1))):
            asked = prompt_of(text, quotes[:count], able.schema)
            if asked.takes.total <= most:
                return asked
        raise ModelError("budget")

    def _asked(self, able: Abilities, asked: Prompt, deadline: float) -> str:
        """Call the model, and settle what it took."""
        if not self._free.acquire(timeout=_left(deadline)):
            raise ModelError("busy")
        try:
            self._bounds.budget.reserve(asked.takes)
            body = able.request(asked.messages, asked.takes.answer)

            def call() -> str:
                reply = completion_of(self._client.post("chat/completions", body, _left(deadline)))
                used = Tokens(
                    max(reply.prompt_tokens, asked.takes.prompt), max(reply.answer_tokens, tokens_of(reply.content))
                )
                self._bounds.budget.settle(asked.takes, used)
                self._bounds.metrics.count("llm_tokens_total", used.prompt, direction="prompt")
                self._bounds.metrics.count("llm_tokens_total", used.answer, direction="answer")
                # Read here so that a reply of the wrong form counts as the server's failure.
                offered_of(reply.content, able.schema)
                return reply.content

            return self._guarded(call)
        finally:
            self._free.release()

    def _guarded(self, call: Callable[[], T]) -> T:
        """Call the server unless its circuit is open, and take note of how it went."""
        breaker, metrics = self._bounds.breaker, self._bounds.metrics
        if not breaker.allows():
            raise ModelError("open")
        outcome = "fault"
        try:
            value = call()
            outcome = "worked"
            return value
        except ModelError as error:
            outcome = error.kind
            if error.kind == "refused":
                # The server may have been changed for one that can do less.
                self._abilities = None
            raise
        finally:
            breaker.record(outcome == "worked" or outcome in _OUR_OWN)
            metrics.count("llm_calls_total", outcome=outcome)

    def _count(self, done: Rephrased) -> None:
        metrics = self._bounds.metrics
        metrics.count(
            "llm_answers_total", by="extract" if done.sentences is None else "llm", why=done.failure or "kept"
        )
        for each in done.judged:
            metrics.count("llm_sentences_total", outcome=each.reason or "kept")


def _nobody(done: Rephrased) -> None:
    """Watch nothing."""


def _left(deadline: float) -> float:
    """Give the seconds left.

    Raises:
        ModelError: of kind `timeout`, if none are.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise ModelError("timeout")
    return left
