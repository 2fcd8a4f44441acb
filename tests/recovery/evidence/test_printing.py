"""The evidence pack on paper says what the notes say."""

import pytest

from recovery.evidence.printing import ALL_PAGES, _Paper


@pytest.mark.parametrize("note", ["paid {nb} instalments", f"paid {ALL_PAGES}"])
def test_no_note_is_taken_for_the_number_of_pages(monkeypatch: pytest.MonkeyPatch, note: str) -> None:
    paper = _Paper(note)
    drawn: list[str] = [paper.title_line]
    monkeypatch.setattr(paper, "multi_cell", lambda width, height, text, **how: drawn.append(text))
    paper.say(note)
    assert not any(str(paper.str_alias_nb_pages) in text for text in drawn)
    assert drawn == [note.replace("\u2060", " ")] * 2
