"""Any text: words and separators that mean something to a splitter, in any order."""

from hypothesis import strategies as st

words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=0, max_size=12)
separators = st.sampled_from(
    [" ", "  ", ". ", "! ", "?\n", "\n", "\n\n", "\r\n", "\n# ", "\n### ", "\n- ", "\n```\n", "…", "。", "\f"]
)
texts = st.lists(st.tuples(words, separators), max_size=60).map(lambda pairs: "".join(w + s for w, s in pairs))
