"""Noise of Markdown: what tools put there goes, what people wrote stays."""

from __future__ import annotations

import pytest

from core.knowledge.extract import extract
from core.knowledge.formats.markdown import without_noise


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("## Keys {#keys .wide}\n\nText.", "## Keys\n\nText."),
        ("Text.\n{: .note}", "Text."),
        ("[![Build](https://example.org/b.svg)](https://example.org/ci)\n\nText.", "Text."),
        ("![coverage](https://img.shields.io/badge/x.svg) Text.", "Text."),
        ("{% include toc.html %}\nText {{< youtube x >}} more.", "Text  more."),
        ('{% include note.html content="Lock the door." %}', "Lock the door."),
        ('{% include alert kind="a" alert="Lock the door." %}', "Lock the door."),
        ("{% highlight ruby linenos %}\nputs 1\n{% endhighlight %}", "```ruby\nputs 1\n```"),
        ("See [[Keys|the keys]] and [[Doors#North]].", "See the keys and Doors North."),
        ("![[plan.png]]\n\nText. ^abc123", "Text."),
        ("Text.\n\n[[Category:en/Doors]] [[Categoria:Portas|Norte]]", "Text."),
        ("{{en/Manual/Navigation}}\nText.\n{{Stub|date=May}}", "Text."),
        ("Run {{en/C|openttd -D|}} and press {{Key|F1}}.", "Run openttd -D and press F1."),
        ("<gallery widths=300px>\nFile:a.png|A door\n</gallery>\nText.", "Text."),
        ("- [ ] Lock the door\n  1. [x] Ring\n- [x](b.md) is", "- ☐ Lock the door\n  1. ☑ Ring\n- [x](b.md) is"),
        ("Write to the {{'[door keepers](mailto:{})'.format(keepers)}}.", "Write to the door keepers."),
        ('Read {{ "[the guide]({})".format(guide) }} and {{"rule {n}" | upper}}.', "Read the guide and rule {n}."),
        ("{{ '[the keys](/keys)' }} at the desk.", "[the keys](/keys) at the desk."),
        ("Text %%not for readers%% more.", "Text  more."),
        ("%%\nhidden\nlines\n%%\nText.", "Text."),
        ("> [!warning]- Mind the step\n> It is high.", "> Mind the step:\n> It is high."),
        ("> [!NOTE]\n> Closed.", "> Note:\n> Closed."),
        ('!!! note "Keys"\n    At the desk.', "Keys:\n    At the desk."),
        (":::note Mind the step!\nIt is high.\n:::", "Mind the step!\nIt is high."),
        ("::: tip\nAt the desk.\n:::", "Tip:\nAt the desk."),
        (":::note[Keys]\nAt the desk.\n:::", "Keys:\nAt the desk."),
        ("- [Keys](#keys)\n- [Doors](#doors)\n  - [North](#north)\n\nText.", "Text."),
        ("[← Back](../README.md) | [Next →](b.md)\n\nText.", "Text."),
        ("[TOC]\n\n* TOC\n{:toc}\n\nText.", "Text."),
        ("<!-- toc -->\nText.<!-- and\nmore -->", "Text."),
    ],
)
def test_noise_goes(source: str, shown: str) -> None:
    assert without_noise(source) == shown


@pytest.mark.parametrize(
    "text",
    [
        "- [The guide](https://example.org/guide)\n- [Mail us](mailto:a@example.org)",
        "See [the keys](#keys) first.",
        "Costs 5 % to 10 % more, {not} an [attribute].",
        "An ![a plan of the house](plan.png) here.",
        "Total: {{ sum }} euros.",
        "Write `{{'a'.format(b)}}` in {{if eq .Name 'a'}} a {{end}}.",
        "```\n{{en/Manual/Navigation}}\n```",
        "```liquid\n{% include toc.html %}\n[Keys](#keys)\n%% x %%\n```",
        "Write `[[Keys|the keys]]`, `{% raw %}` or `> [!note]`.",
        "2 ^ 3 and x^2 and a^b",
        "1 < 2 and <b>bold</b> and a <- b",
    ],
)
def test_the_rest_stays(text: str) -> None:
    assert without_noise(text) == text


def test_components_of_mdx_leave_their_text_and_labels() -> None:
    source = (
        "---\ntitle: Set up\n---\nimport Tabs from '@theme/Tabs';\nexport const x = 1\n\n# Start\n\n<Tabs>\n"
        '<TabItem value="linux" label="Linux">\n\nUse apt.\n\n</TabItem>\n</Tabs>\n{/* hidden */}\n\n'
        "```jsx\nimport React from 'react'\n<Tabs />\n```\n"
    )
    found = extract(source.encode(), "a.mdx")
    assert found.title == "Set up"
    assert found.text == "# Start\n\nLinux:\n\nUse apt.\n\n```jsx\nimport React from 'react'\n<Tabs />\n```"
