from __future__ import annotations

from bot.reference.command_line import command_line
from bot.reference.command_line_page import command_line_page


def test_examples_stand_as_they_are_typed() -> None:
    assert "```console\n$ aion doctor\n$ aion doctor --json\n```" in command_line_page()


def test_a_group_is_followed_by_its_subcommands() -> None:
    page = command_line_page()
    assert page.index("## aion jobs\n") < page.index("### aion jobs run\n") < page.index("## aion watch\n")


def test_options_say_what_they_take_and_their_range() -> None:
    serve = next(each for each in command_line() if each.words == ("aion", "serve"))
    port = next(each for each in serve.parameters if each.written.startswith("--port"))
    assert (port.written, port.default, port.about) == (
        "--port NUMBER",
        "`8000`",
        "The port; 0 takes any free one. (0 to 65535)",
    )


def test_what_must_be_given_is_said() -> None:
    sft = next(each for each in command_line() if each.words == ("aion", "train", "sft"))
    assert {each.variable for each in sft.parameters if each.default == "needed"} == {"AION_SFT_JSONL", "AION_LORA_OUT"}
