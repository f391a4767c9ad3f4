from __future__ import annotations

from bot.reference.settings_page import settings_page


def test_a_setting_has_its_name_default_range_and_description() -> None:
    rows = [line for line in settings_page().splitlines() if line.startswith("| `AION_TAU`")]
    assert rows == ["| `AION_TAU` | `0.62` | The threshold of the `spec` gate. From 0 to 1. |"]


def test_a_choice_names_what_it_may_be() -> None:
    assert '`abstain` says "I don\'t know". One of `abstain`, `provider`.' in settings_page()


def test_keys_come_in_the_order_in_which_providers_are_asked() -> None:
    page = settings_page()
    assert page.index("`GROQ_API_KEY`") < page.index("`GEMINI_API_KEY`") < page.index("`OPENAI_API_KEY`")
    assert "Paid: it stays off" in page


def test_variables_of_options_are_there_once() -> None:
    assert settings_page().count("| `AION_LORA_RANK` | `16` |") == 1
