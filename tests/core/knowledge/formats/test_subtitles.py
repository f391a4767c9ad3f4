"""Subtitles: what is said, without what is shown."""

from __future__ import annotations

from core.knowledge.extract import extract


def cue(start: str, words: str) -> str:
    return f"00:{start},000 --> 00:{start},900\n{words}\n"


def test_cues_are_joined_to_paragraphs_with_their_time() -> None:
    source = "\n".join([cue("01:05", "<i>The key is</i>\nunder the mat."), cue("01:07", "{\\an8}Always.")])
    assert extract(source.encode(), "a.srt").text == "(00:01:05) The key is under the mat. Always."


def test_speakers_are_named() -> None:
    source = "WEBVTT\n\nNOTE hidden\n\n00:01.000 --> 00:02.000\n<v Ana>Where?\n\n00:03.000 --> 00:04.000\n<v Rui>Here."
    assert extract(source.encode(), "a.vtt").text == "(00:00:01) Ana: Where?\n\n(00:00:03) Rui: Here."


def test_captions_that_roll_are_read_once() -> None:
    source = "\n".join([cue("00:01", "The key"), cue("00:02", "The key"), cue("00:03", "is here.")])
    assert extract(source.encode(), "a.srt").text == "(00:00:01) The key is here."


def test_a_long_talk_is_cut_at_sentences() -> None:
    cues = [cue(f"{n // 60:02}:{n % 60:02}", f"Sentence number {n} says a little more.") for n in range(90)]
    paragraphs = extract("\n".join(cues).encode(), "a.srt").text.split("\n\n")
    assert all(400 <= len(each) <= 500 for each in paragraphs[:-1])
    assert all(each.endswith("more.") for each in paragraphs)
