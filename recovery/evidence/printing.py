"""The evidence pack on paper."""

import logging
from collections.abc import Iterator
from datetime import UTC
from io import BytesIO
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import WrapMode, XPos, YPos

from creditpath.accounts.models import User
from recovery.evidence.packing import Event, Pack

FONT = Path(__file__).with_name("fonts") / "DejaVuSans.ttf"
# It names the signs that a font lacks: letters of people's notes, which the log must not repeat.
logging.getLogger("fpdf.output").setLevel(logging.ERROR)
INK, SOFT, BAD, RULE = (24, 29, 39), (94, 103, 120), (180, 35, 24), (214, 219, 228)
MARGIN, WIDTH, INDENT = 16, 178, 14
# Replaced by the number of pages wherever it stands, so that it begins with a sign that no text of others keeps (_plain).
ALL_PAGES = "\u2060pages"

HOW_TO_CHECK = (
    "Each event has a digest (SHA-256) over the one before, the borrower, its number and source, a digest of its facts, and one"
    " of its salted text. The JSON of this pack holds all of them; docs/check_evidence.py of CreditPathAI, some thirty lines,"
    " adds them up without the product. An erased text leaves its digest, so that the chain stays whole; a pack that was taken"
    " earlier must end with a digest that this chain passes through. A sign that the font lacks is drawn as an empty box: the"
    " JSON has it."
)


class _Paper(FPDF):
    """A4 with the borrower's number and the page's on each page."""

    def __init__(self, title: str) -> None:
        super().__init__(format="A4")
        self.title_line = _plain(title)
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(True, margin=18)
        self.add_font("sans", fname=FONT)
        self.set_title(title)
        self.set_creator("CreditPathAI")
        self.alias_nb_pages(ALL_PAGES)
        self.add_page()

    def footer(self) -> None:
        self.set_y(-13)
        self.set_font("sans", size=7)
        self.set_text_color(*SOFT)
        self.cell(WIDTH / 2, 5, self.title_line)
        self.cell(WIDTH / 2, 5, f"page {self.page_no()} of {ALL_PAGES}", align="R")

    def say(
        self, text: str, *, size: float = 9, ink: tuple[int, int, int] = INK, indent: float = 0, gap: float = 0
    ) -> None:
        """Write a paragraph; what the font has no sign for is drawn as an empty box, and control characters as spaces."""
        self.set_font("sans", size=size)
        self.set_text_color(*ink)
        self.set_x(MARGIN + indent)
        plain = _plain(text)
        self.multi_cell(
            WIDTH - indent, size * 0.5, plain, align="L", wrapmode=WrapMode.CHAR if _has_long_word(plain) else WrapMode.WORD,
            new_x=XPos.LMARGIN, new_y=YPos.NEXT,
        )  # fmt: skip
        if gap:
            self.ln(gap)

    def rule(self) -> None:
        self.set_draw_color(*RULE)
        self.line(MARGIN, self.get_y(), MARGIN + WIDTH, self.get_y())
        self.ln(1.5)


def _plain(text: str) -> str:
    """Return a text with control characters and other signs that cannot be seen as spaces."""
    return "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text)


def write_pdf(pack: Pack) -> bytes:
    """Return the pack as a PDF: whose it is, whether the chain is whole, each event, and how to check it.

    Texts are drawn, never read as markup. What the JSON holds and this does not are salts, payments and digests of parts.
    """
    borrower = pack.borrower
    paper = _Paper(f"Evidence pack, borrower {borrower.external_id}, {pack.made_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    paper.say("Evidence pack", size=20, gap=1)
    paper.say(f"{borrower.full_name or 'no name on record'} · {borrower.external_id}", size=12, gap=2)
    if borrower.is_simulated:
        paper.say("This borrower is simulated: nobody of this name exists.", ink=BAD, gap=1)
    for line in _about(pack):
        paper.say(line)
    paper.ln(2)
    if pack.breaks:
        paper.say("The chain is broken: what follows is not as it was sealed.", size=11, ink=BAD)
        for line in pack.breaks:
            paper.say(line, ink=BAD)
    else:
        paper.say(f"The chain of {len(pack.events)} events is whole. It ends with", gap=0.5)
        paper.say(pack.head or "nothing: no event yet", size=7.5)
    paper.ln(3)
    paper.say("What was done, in the order in which it was sealed", size=13, gap=1.5)
    for event in pack.events:
        _write_event(paper, pack, event)
    paper.rule()
    paper.say("How to check this", size=13, gap=1)
    paper.say(HOW_TO_CHECK)
    return BytesIO(paper.output()).getvalue()


def _about(pack: Pack) -> Iterator[str]:
    keeping = pack.keeping
    place = pack.borrower.jurisdiction or "not set"
    yield f"Jurisdiction {place} · times in {pack.zone.key} · business date {pack.business_date}"
    yield f"Taken by {_name(pack.made_by)}, {pack.made_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    for pk, loan in pack.loans.items():
        figure = pack.figures.get(pk)
        stand = (
            f"{loan.currency} {figure.outstanding_amount:,.2f} owed, {figure.days_past_due} days past due on {figure.as_of}"
            if figure
            else "no figures yet"
        )
        yield f"Loan {loan} ({loan.product}): {stand}"
    if keeping.ends_on is None:
        yield "No period of keeping is set for where the borrower lives: evidence is kept."
    else:
        yield f"Kept until {keeping.ends_on} at least: {keeping.months} months after the last activity of collecting."
    for hold in keeping.legal_holds:
        yield f"Legal hold since {hold.booked_at:%Y-%m-%d}, by {_name(hold.set_by)}: {hold.reason}"


def _write_event(paper: _Paper, pack: Pack, event: Event) -> None:
    paper.rule()
    local = event.happened_at.astimezone(pack.zone)
    paper.say(f"{event.number}   {local:%Y-%m-%d %H:%M:%S %z}   {event.words}", size=9.5)
    if event.facts is None:
        paper.say("Its row is gone.", ink=BAD, indent=INDENT)
    elif details := " · ".join(f"{title}: {value}" for title, value in pack.details(event)):
        paper.say(details, size=8, ink=SOFT, indent=INDENT)
    for name, text in (event.texts or {}).items():
        if event.is_erased:
            paper.say(f"{name.replace('_', ' ')}: erased, its digest is kept", size=8.5, ink=SOFT, indent=INDENT)
        else:
            paper.say(f"{name.replace('_', ' ')}: {text}", size=8.5, indent=INDENT)
    paper.say(event.sha256, size=5.5, ink=SOFT, indent=INDENT, gap=1)


def _name(user: User) -> str:
    return user.get_full_name() or user.username


def _has_long_word(text: str) -> bool:
    return any(len(word) > 60 for word in text.split())
