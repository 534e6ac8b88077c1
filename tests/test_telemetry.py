"""Logging and counters."""

import json
import logging
import threading
from collections.abc import Iterator

import pytest

from citedesk.telemetry import LOGGER, Metrics, configure_logging, log_event


@pytest.fixture(autouse=True)
def _logger_put_back() -> Iterator[None]:
    handlers, level = LOGGER.handlers[:], LOGGER.level
    yield
    LOGGER.handlers[:] = handlers
    LOGGER.setLevel(level)


def test_log_event_writes_one_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO")
    log_event("searched", ticket_id="T-1", ms=3.5, cached=False, k=None)
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert json.loads(line) == {"event": "searched", "ticket_id": "T-1", "ms": 3.5, "cached": False, "k": None}


def test_log_event_with_a_line_break_in_a_field_stays_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO")
    log_event("searched", ticket_id='T\n{"event": "forged"}')
    assert capsys.readouterr().err.count("\n") == 1


def test_log_event_below_the_level_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("WARNING")
    log_event("searched", logging.INFO)
    assert capsys.readouterr().err == ""


def test_configure_logging_twice_writes_each_event_once(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO")
    configure_logging("INFO")
    log_event("searched")
    assert capsys.readouterr().err == '{"event": "searched"}\n'


def test_configure_logging_with_an_unknown_level_keeps_warnings() -> None:
    configure_logging("LOUD")
    assert LOGGER.level == logging.WARNING


def test_render_prints_counters_by_name_with_sorted_labels() -> None:
    metrics = Metrics()
    metrics.count("searches_total", 2)
    metrics.count("answers_total", status="answered", kind="kb")
    metrics.count("answers_total", 0.5, kind="kb", status="answered")
    assert metrics.render() == ('citedesk_answers_total{kind="kb",status="answered"} 1.5\ncitedesk_searches_total 2\n')


def test_render_of_a_large_counter_keeps_every_digit() -> None:
    metrics = Metrics()
    metrics.count("searches_total", 12_345_678)
    metrics.count("searches_total")
    assert metrics.render() == "citedesk_searches_total 12345679\n"


def test_timed_counts_the_call_that_raises_too() -> None:
    metrics = Metrics()
    with pytest.raises(KeyError), metrics.timed("searches"):
        raise KeyError
    assert "citedesk_searches_total 1\n" in metrics.render()


def test_count_from_several_threads_loses_nothing() -> None:
    metrics = Metrics()

    def work() -> None:
        for _ in range(2000):
            metrics.count("searches_total")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert metrics.render() == "citedesk_searches_total 8000\n"


def test_metrics_gauge_keeps_its_last_value_and_quotes_labels() -> None:
    metrics = Metrics()
    for value in (3.0, 1.0):
        metrics.gauge("head_demoted", value, head='a"b')
    assert metrics.render() == 'citedesk_head_demoted{head="a\\"b"} 1.0\n'
