# ruff: noqa: RUF001 - letters that look alike are what this is about
from unicodedata import category, normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gql_server.domain.search import folded, folded_words

LAST_WITH_CASE = 0x1FC00
"""What follows has neither case nor another form, but for ideographs' duplicates."""

ALIKE = (
    "Straße|STRASSE|straẞe",
    "İstanbul|istanbul|ISTANBUL|ıstanbul|i̇stanbul",
    "ΟΔΟΣ|οδος|οδοσ",
    "Ｆｕｌｌ　ｗｉｄｔｈ|full width",
    "ｶﾞﾗｽ|ガラス|ガラス",
    "Café|CAFE\u0301|cafe\u0301",
    "ậ|a\u0302\u0323|a\u0323\u0302|Ậ",
    "क़िला|क़िला",
    "क्\u200dष|क्ष",
    "한글|한글",
    "ﬁre ﬂy|FIRE FLY",
    "ᾼ͂|ᾶι|ᾷ",
    "co\u00adoperate|COOPERATE",
    "❤\ufe0f|❤",
    "ŉ|ʼN",
    "①|1",
    "Ǆ|ǆ|ǅ|DŽ",
    "ӘЛЕМ|әлем",
    "ᲐᲑ|აბ",
    "𐐀|𐐨",
)


@pytest.mark.parametrize("texts", ALIKE)
def test_one_word_has_one_form_however_it_is_written(texts: str) -> None:
    assert len({folded(text) for text in texts.split("|")}) == 1


@pytest.mark.parametrize("texts", ["e|é", "ガ|カ", "क|ख", "森|林", "a|а"])
def test_different_letters_stay_different(texts: str) -> None:
    assert len({folded(text) for text in texts.split("|")}) == 2


def test_each_letter_is_found_in_every_form_that_unicode_gives_it() -> None:
    wrong = []
    for number in range(LAST_WITH_CASE):
        letter = chr(number)
        cased = {letter.upper(), letter.lower(), letter.casefold(), normalize("NFKD", letter)}
        # A letter that nothing changes has one form; surrogates and private use have none.
        if cased == {letter} or category(letter)[0] == "C":
            continue
        forms = cased | {letter.title(), *(normalize(form, letter) for form in ("NFC", "NFKC"))}
        if len({folded(form) for form in forms}) > 1:
            wrong.append(letter)
    assert wrong == []


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_folding_again_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert folded(normalize("NFD", text)) == folded(text)


def test_each_word_is_looked_for_once() -> None:
    assert list(folded_words("Fox\u3000FOX ｓｎｏｗ\u200b \u200b")) == ["fox", "snow"]
