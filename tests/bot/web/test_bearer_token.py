"""Which addresses need a token."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from bot.web.bearer_token import is_loopback, require_token
from core.errors import Unavailable

TOKEN = "made-up-serve-token"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "example.org", "127.0.0.1.example.org"])
def test_an_address_that_others_reach_needs_a_token(host: str) -> None:
    for missing in (None, SecretStr(""), SecretStr("  ")):
        with pytest.raises(Unavailable) as caught:
            require_token(host, missing)
        assert caught.value.key == "web.no_token"
    assert require_token(host, SecretStr(f" {TOKEN}\n")) == TOKEN


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost"])
def test_on_this_machine_alone_a_token_is_a_choice(host: str) -> None:
    assert is_loopback(host)
    assert require_token(host, None) is None
    assert require_token(host, SecretStr(TOKEN)) == TOKEN
