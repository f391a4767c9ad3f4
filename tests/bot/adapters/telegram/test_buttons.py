"""The rows of a keyboard: no label is cut on a phone."""

import pytest

from bot.adapters.telegram.buttons import buttons_under
from core.types import Button, Menu, MenuOption


@pytest.mark.parametrize(
    ("labels", "rows"),
    [
        (["✅", "❌", "↻", "📄"], [3, 1]),
        (["✅ É isso", "❌ Não", "🙋 Perguntar a uma pessoa", "📄 Fontes", "↻"], [2, 1, 2]),
        (["✅ That's it", "❌ No", "🙋 Ask a human", "📄 Sources", "↻"], [2, 2, 1]),
        ([], []),
    ],
)
def test_a_row_is_as_long_as_its_longest_label_lets_it(labels, rows):
    keyboard = buttons_under(1, [Button(label, "again", str(n)) for n, label in enumerate(labels)])
    assert keyboard is not None
    shown = keyboard.inline_keyboard
    assert [len(row) for row in shown] == [2, *rows]
    assert [button.text for row in shown[1:] for button in row] == labels


def test_the_options_of_a_menu_are_two_a_row_where_they_fit():
    labels = ["Idioma", "Tom", "Respostas de confiança", "Treino", "Pesquisa"]
    menu = Menu("Mudar…", "settings", options=tuple(MenuOption(label, str(n)) for n, label in enumerate(labels)))
    keyboard = buttons_under(None, (), menu)
    assert keyboard is not None
    assert [[button.text for button in row] for row in keyboard.inline_keyboard] == [
        ["Idioma", "Tom"],
        ["Respostas de confiança"],
        ["Treino", "Pesquisa"],
    ]
