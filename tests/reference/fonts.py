"""Fonts of a few boxes, for tests with characters that the built-in fonts lack.

Written with Python 3.11.7 and fontTools 4.68.0:

    python tests/reference/fonts.py

`boxes-sans.ttf`: 日 as a box of 800 units, an em (1,000 units) wide. `boxes-serif.ttf`: 日 and 本 as boxes of 400 units,
half an em wide.
"""

from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

FOLDER = Path(__file__).parent / "fonts"


def box(size):
    pen = TTGlyphPen(None)
    if size:
        pen.moveTo((0, 0))
        for corner in [(0, size), (size, size), (size, 0)]:
            pen.lineTo(corner)
        pen.closePath()
    return pen.glyph()


def write(name, family, width, sizes):
    letters = {ord(letter): f"u{ord(letter):x}" for letter in sizes}
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder([".notdef", *letters.values()])
    font.setupCharacterMap(letters)
    font.setupGlyf({".notdef": box(0), **{letters[ord(letter)]: box(size) for letter, size in sizes.items()}})
    font.setupHorizontalMetrics({glyph: (width, 0) for glyph in [".notdef", *letters.values()]})
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": family, "styleName": "Regular", "psName": family.replace(" ", "")})
    font.setupOS2(sTypoAscender=800, usWinAscent=800, usWinDescent=200)
    font.setupPost()
    # No creation time, for the same bytes each time.
    font.updateHead(created=0, modified=0)
    font.font.recalcTimestamp = False
    font.save(FOLDER / name)


FOLDER.mkdir(exist_ok=True)
write("boxes-sans.ttf", "Boxes Sans", 1000, {"日": 800})
write("boxes-serif.ttf", "Boxes Serif", 500, {"日": 400, "本": 400})
