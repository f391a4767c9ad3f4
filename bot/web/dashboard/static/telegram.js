// Telegram tells the browser who signed in behind the address's "#", which no server is sent: this form sends it.
"use strict";

const told = /[#?&]tgAuthResult=([A-Za-z0-9_=-]*)/.exec(window.location.hash);
if (told) {
  const form = document.getElementById("telegram");
  form.elements.result.value = told[1];
  window.history.replaceState(null, "", window.location.pathname);
  form.submit();
}
