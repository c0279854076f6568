"""PDF by fpdf2, in Roboto (Apache 2.0), which has Latin, Greek and Cyrillic and is embedded as far as it is used."""

from datetime import UTC

import font_roboto  # type: ignore[import-untyped]  # a folder of fonts and where they are
from fpdf import FPDF
from fpdf.enums import TableBordersLayout, TextEmphasis
from fpdf.fonts import FontFace

from billing.clients.printing import Printable

FAMILY = "Roboto"
SIZE_POINTS, TITLE_POINTS = 10, 18
COLUMN_WIDTHS, TOTAL_WIDTHS = (90, 65, 35), (155, 35)
"""Millimetres of the 190 between the margins."""
HEADING = FontFace(emphasis=TextEmphasis.B)


def pdf_of(paper: Printable) -> bytes:
    """Print a paper on A4. The same paper gives the same bytes: the date within is that of its issue."""
    pdf = FPDF(format="A4")
    pdf.set_creation_date(paper.issued_at.astimezone(UTC))
    pdf.set_title(paper.title)
    pdf.set_lang(paper.language)
    pdf.add_font(FAMILY, style="", fname=font_roboto.Roboto)
    pdf.add_font(FAMILY, style="B", fname=font_roboto.RobotoBold)
    pdf.add_page()
    pdf.set_font(FAMILY, style="B", size=TITLE_POINTS)
    pdf.cell(text=paper.title, new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(FAMILY, size=SIZE_POINTS)
    pdf.ln(4)
    for line in paper.addressee:
        pdf.multi_cell(w=0, text=line, new_x="LMARGIN", new_y="NEXT")
    pdf.ln(4)
    for label, text in paper.facts:
        pdf.multi_cell(w=0, text=f"{label}: {text}", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(6)
    with pdf.table(col_widths=COLUMN_WIDTHS, text_align=("LEFT", "LEFT", "RIGHT"), headings_style=HEADING) as table:
        for row in (paper.head, *paper.rows):
            table.row(row)
    pdf.ln(4)
    no_lines = TableBordersLayout.NONE
    with pdf.table(col_widths=TOTAL_WIDTHS, text_align=("RIGHT", "RIGHT"), borders_layout=no_lines, first_row_as_headings=False) as table:
        for total in paper.totals:
            table.row(total)
    pdf.ln(6)
    for note in paper.notes:
        pdf.multi_cell(w=0, text=note, new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())
