"""Composing from several documents: one says what the other lacks, and one sentence cites all who say it."""

from dataclasses import replace

from citedesk.answer.compose import compose_readings
from citedesk.answer.verify import said, verify
from citedesk.types import Sentence
from tests.answer_data import document, read_all, reading, said_of, texts_of

STEPS = "# Mail is slow\n\n## Steps\n\n1. Restart the mail relay on the first host.\n"
TOLD = (
    "# Slow mail\n\n## Root cause\n\nThe mail relay ran out of file handles.\n\n## Steps\n\n1. Somebody rebooted it.\n"
)


def test_compose_cause_that_the_main_document_lacks_comes_from_a_postmortem() -> None:
    told = replace(reading("pm", TOLD), document=replace(reading("pm", TOLD).document, kind="postmortem"))
    assert said_of(compose_readings([reading("rb", STEPS), told], 10)) == [
        ("step", "1. Restart the mail relay on the first host."),
        ("cause", "The mail relay ran out of file handles."),
    ]


def test_compose_cause_of_another_service_is_left_out() -> None:
    told = reading("pm", TOLD)
    other = replace(told, document=replace(told.document, kind="postmortem", service="web"))
    assert said_of(compose_readings([reading("rb", STEPS), other], 10)) == [
        ("step", "1. Restart the mail relay on the first host.")
    ]


def test_compose_postmortem_first_takes_the_steps_of_the_runbook() -> None:
    told = replace(reading("pm", TOLD), document=replace(reading("pm", TOLD).document, kind="postmortem"))
    assert said_of(compose_readings([told, reading("rb", STEPS)], 10)) == [
        ("cause", "The mail relay ran out of file handles."),
        ("answer", "1. Somebody rebooted it."),
        ("step", "1. Restart the mail relay on the first host."),
    ]


def test_compose_sentence_that_two_documents_say_cites_both() -> None:
    other = "# Mail again\n\n## Steps\n\n4. Restart the mail  relay on the first host\n"
    sentences = compose_readings([reading("rb", STEPS), reading("rb-2", other)], 10)
    assert [(one.text, [(c.document_id, c.quote) for c in one.citations]) for one in sentences] == [
        (
            "1. Restart the mail relay on the first host.",
            [
                ("rb", "1. Restart the mail relay on the first host."),
                ("rb-2", "4. Restart the mail  relay on the first host"),
            ],
        )
    ]


def test_verify_supporting_citation_of_the_same_words_is_kept() -> None:
    other = STEPS.replace("1. ", "7. ")
    sentences = compose_readings([reading("rb", STEPS), reading("rb-2", other)], 10)
    texts = texts_of([document("rb", STEPS), document("rb-2", other)])
    assert (len(sentences[0].citations), verify(sentences, texts)) == (2, sentences)


def test_verify_supporting_citation_of_another_value_is_dropped() -> None:
    one = "# A\n\n## Steps\n\n1. Wait for 5 minutes.\n"
    two = one.replace("5", "6")
    first = compose_readings([reading("a", one)], 10)[0]
    second = compose_readings([reading("b", two)], 10)[0]
    joined = Sentence(first.text, (*first.citations, *second.citations), first.part)
    assert verify([joined], texts_of([document("a", one), document("b", two)])) == ()


def test_said_commands_that_differ_in_a_capital_are_not_the_same() -> None:
    assert said("1. Run `tar -C x`.") != said("1. Run `tar -c x`.")


def test_compose_a_document_whose_text_is_gone_takes_no_part() -> None:
    assert compose_readings([], 10) == ()


def test_readings_main_document_is_the_best_found() -> None:
    documents = [document("rb-mail", STEPS), document("rb-tea", "# Tea\n\n## Steps\n\n1. Boil the water.\n")]
    assert [one.document.id for one in read_all(documents, "restart the mail relay")][:1] == ["rb-mail"]
