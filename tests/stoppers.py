"""Documents that stop a reader without limits: small files that take hours, gigabytes, or the square of their size."""

from __future__ import annotations


def nested_pdf(n_levels: int = 12, fan: int = 10) -> bytes:
    """Return a PDF of form objects, each of which draws the next ``fan`` times, so that a line is drawn 10¹¹ times."""
    font = 5 + n_levels
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R"
        b" /Resources << /XObject << /F0 5 0 R >> >> >>",
        4: stream(b"", b"/F0 Do"),
        font: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }
    for level in range(n_levels):
        if level < n_levels - 1:
            uses, draws = b"/XObject << /F%d %d 0 R >>" % (level + 1, 6 + level), b"/F%d Do " % (level + 1) * fan
        else:
            uses, draws = b"/Font << /T %d 0 R >>" % font, b"BT /T 12 Tf (The gate opens at nine.) Tj ET"
        form = b"/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << %s >>" % uses
        objects[5 + level] = stream(form, draws)
    return pdf_of([objects[number] for number in sorted(objects)])


def zalgo(n_marks: int) -> str:
    """Return a sentence with combining marks out of their canonical order on one letter."""
    return "The gate opens at nine. a" + "\u0300\u0316" * (n_marks // 2)


def dotted(n_dots: int) -> str:
    """Return a sentence with a run of full stops that no white space follows."""
    return "The fee is 4" + "." * n_dots + "5 euros and the gate opens at nine."


def tagged(tag: str, n_tags: int) -> str:
    """Return a page of one tag again and again, never closed."""
    return "<html><body><p>The gate opens at nine.</p>" + tag * n_tags


def stream(entries: bytes, content: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)


def pdf_of(objects: list[bytes]) -> bytes:
    """Return a PDF of numbered objects, the first being its catalogue (ISO 32000-1, section 7.5)."""
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    end = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(data))
    return data + head + table + end
