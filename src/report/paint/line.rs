//! A line of text as glyphs in their places.

use ab_glyph::{Font, Glyph, GlyphId, PxScale, ScaleFont, point};
use rustybuzz::{Direction, UnicodeBuffer};
use unicode_bidi::BidiInfo;
use unicode_script::{Script, UnicodeScript};
use unicode_segmentation::UnicodeSegmentation;

use super::fonts::{Face, Fonts};

/// A text on a line that begins at 0, in pixels.
pub struct Line<'a> {
    /// Glyphs, each with its font, from left to right.
    pub glyphs: Vec<(&'a Face, Glyph)>,
    /// Where the line ends.
    pub end: f32,
    /// Whether other fonts than the compiled-in ones are in it.
    pub foreign: bool,
    /// Letters that no font draws; a box stands for each.
    pub lacking: Vec<char>,
}

/// Neighbouring letters of one font, one script and one direction.
struct Piece<'a> {
    text: String,
    face: &'a Face,
    script: Script,
}

impl Fonts {
    /// Sets a text where an em has `em` pixels.
    ///
    /// Latin, Greek and Cyrillic letters that the compiled-in fonts have stand side by side. All
    /// else is put into the order and the shapes of its script.
    pub fn line(&self, text: &str, bold: bool, em: f32) -> Line<'_> {
        let own = self.own(bold);
        let mut line = Line { glyphs: Vec::new(), end: 0.0, foreign: false, lacking: Vec::new() };
        let plain = |letter| is_plain(letter) && own.outlines.glyph_id(letter) != GlyphId(0);
        if text.chars().all(plain) {
            line.push_plain(own, text, em);
            return line;
        }
        let bidi = BidiInfo::new(text, None);
        for paragraph in &bidi.paragraphs {
            let (levels, runs) = bidi.visual_runs(paragraph, paragraph.range.clone());
            for run in runs {
                let backwards = levels[run.start].is_rtl();
                let mut pieces = self.pieces(&text[run], bold, region(text), &mut line.lacking);
                if backwards {
                    pieces.reverse();
                }
                for piece in &pieces {
                    line.foreign |= !std::ptr::eq(piece.face, own);
                    line.push_shaped(piece, backwards, em);
                }
            }
        }
        line
    }

    /// Splits a run of one direction; what no font draws goes to `lacking`.
    fn pieces<'a>(
        &'a self,
        run: &str,
        bold: bool,
        region: &str,
        lacking: &mut Vec<char>,
    ) -> Vec<Piece<'a>> {
        let mut pieces: Vec<Piece<'a>> = Vec::new();
        for cluster in run.graphemes(true) {
            let letters: Vec<char> = cluster.chars().filter(|&l| !is_invisible(l)).collect();
            let face = self.with(&letters, bold, region).unwrap_or_else(|| {
                lacking.extend(&letters);
                self.own(bold)
            });
            let script = letters.iter().map(|letter| letter.script()).find(|s| !is_shared(*s));
            match pieces.last_mut().filter(|last| last.takes(face, script)) {
                Some(last) => {
                    last.text.push_str(cluster);
                    last.script = script.unwrap_or(last.script);
                }
                None => pieces.push(Piece {
                    text: cluster.to_owned(),
                    face,
                    script: script.unwrap_or(Script::Common),
                }),
            }
        }
        pieces
    }
}

impl Piece<'_> {
    /// Whether letters of a font and a script, if they have one, can stand in it.
    fn takes(&self, face: &Face, script: Option<Script>) -> bool {
        let same = script.is_none_or(|script| script == self.script || is_shared(self.script));
        std::ptr::eq(self.face, face) && same
    }
}

impl<'a> Line<'a> {
    fn push_plain(&mut self, face: &'a Face, text: &str, em: f32) {
        let font = face.outlines.as_scaled(face.scale(em));
        for letter in text.chars() {
            let id = font.glyph_id(letter);
            self.end += self.glyphs.last().map_or(0.0, |(_, last)| font.kern(last.id, id));
            let glyph = id.with_scale_and_position(font.scale, point(self.end, 0.0));
            self.glyphs.push((face, glyph));
            self.end += font.h_advance(id);
        }
    }

    fn push_shaped(&mut self, piece: &Piece<'a>, backwards: bool, em: f32) {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(&piece.text);
        buffer.guess_segment_properties();
        let direction = if backwards { Direction::RightToLeft } else { Direction::LeftToRight };
        buffer.set_direction(direction);
        let shaped = rustybuzz::shape(&piece.face.shaping, &[], buffer);
        let unit = piece.face.pixels_per_unit(em);
        let scale = PxScale::from(piece.face.scale(em));
        for (info, place) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()) {
            let [along, up, advance] = [place.x_offset, place.y_offset, place.x_advance]
                .map(|length| length as f32 * unit);
            // Fonts have at most 65,536 glyphs.
            let id = GlyphId(u16::try_from(info.glyph_id).unwrap_or(0));
            let at = point(self.end + along, -up);
            self.glyphs.push((piece.face, id.with_scale_and_position(scale, at)));
            self.end += advance;
        }
    }
}

/// Whether a letter looks the same wherever it stands.
fn is_plain(letter: char) -> bool {
    let plain = [Script::Latin, Script::Greek, Script::Cyrillic, Script::Common];
    let combining = matches!(letter, '\u{483}'..='\u{489}');
    plain.contains(&letter.script()) && !combining && !is_invisible(letter)
}

/// Whether a script is none of its own, as that of digits is.
fn is_shared(script: Script) -> bool {
    matches!(script, Script::Common | Script::Inherited | Script::Unknown)
}

/// Letters that are not seen themselves: joiners, directions, choices between forms.
fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// How the family of a font for the Chinese characters of a text may end.
fn region(text: &str) -> &'static str {
    let has = |scripts: &[Script]| text.chars().any(|letter| scripts.contains(&letter.script()));
    match () {
        () if has(&[Script::Hiragana, Script::Katakana]) => "JP",
        () if has(&[Script::Hangul]) => "KR",
        () => "SC",
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::paint::fonts::fonts;

    /// Two fonts of a few boxes, made by `tests/reference/fonts.py`.
    fn boxes() -> Fonts {
        Fonts::new(Some(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/fonts")))
    }

    fn glyphs(line: &Line<'_>) -> Vec<u16> {
        line.glyphs.iter().map(|(_, glyph)| glyph.id.0).collect()
    }

    #[test]
    fn letters_that_the_compiled_in_fonts_lack_come_from_the_font_that_has_them() {
        let fonts = boxes();
        let line = fonts.line("a日b", false, 100.0);
        assert!(line.foreign && line.lacking.is_empty());
        let [(own, _), (other, box_glyph), (own_again, _)] = &line.glyphs[..] else {
            panic!("three glyphs")
        };
        assert!(std::ptr::eq(*own, *own_again) && !std::ptr::eq(*own, *other));
        // Of the two that have it, the one without serifs: an em wide, as high as 800 of 1,000 units.
        let drawn = other.outlines.outline_glyph(box_glyph.clone()).unwrap().px_bounds();
        assert!((drawn.height() - 80.0).abs() < 1.5, "{drawn:?}");
        let letters = fonts.line("ab", false, 100.0);
        assert!((line.end - letters.end - 100.0).abs() < 0.1, "{} {}", line.end, letters.end);
        assert!(!letters.foreign);
    }

    #[test]
    fn a_letter_without_an_outline_or_without_any_font_is_lacking() {
        let fonts = boxes();
        assert_eq!(fonts.line("ok 👍", false, 10.0).lacking, ['👍']);
        assert_eq!(fonts.line("日月", false, 10.0).lacking, ['月']);
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(Fonts::new(Some(empty.path())).line("日", false, 10.0).lacking, ['日']);
    }

    #[test]
    fn a_letter_that_only_a_font_with_serifs_has_is_taken_from_there() {
        let line = boxes().line("本", false, 100.0).end;
        assert!((line - 50.0).abs() < 0.1, "{line}");
    }

    #[test]
    fn arabic_runs_from_the_right_in_joined_shapes() {
        let fonts = fonts();
        // Lam and alef are one shape.
        assert_eq!(fonts.line("لا", false, 20.0).glyphs.len(), 1);
        let alone = glyphs(&fonts.line("ب", false, 20.0));
        let joined = glyphs(&fonts.line("ببب", false, 20.0));
        assert!(joined.len() == 3 && !joined.contains(&alone[0]), "{joined:?} {alone:?}");
        // Alef joins nothing to its left, so that both stand as they do alone, the first at the right.
        let [alef, dal] = ["ا", "د"].map(|letter| glyphs(&fonts.line(letter, false, 20.0))[0]);
        assert_eq!(glyphs(&fonts.line("اد", false, 20.0)), [dal, alef]);
        // Latin letters in it run from the left.
        let [a, b] = ["a", "b"].map(|letter| glyphs(&fonts.line(letter, false, 20.0))[0]);
        let mixed = glyphs(&fonts.line("ا ab", false, 20.0));
        assert_eq!((mixed[0], mixed[1], *mixed.last().unwrap()), (a, b, alef));
    }

    #[test]
    fn an_accent_stands_over_its_letter() {
        let fonts = fonts();
        let [apart, whole] = ["e\u{301}", "é"].map(|text| fonts.line(text, false, 20.0).end);
        assert!((apart - whole).abs() < 0.5, "{apart} {whole}");
        assert!(fonts.line("e\u{301}", false, 20.0).lacking.is_empty());
    }

    #[test]
    fn letters_that_are_not_seen_take_no_room_and_lack_no_font() {
        let [with, without] = ["a\u{200d}b", "ab"].map(|text| fonts().line(text, false, 20.0));
        assert!(with.lacking.is_empty());
        assert!((with.end - without.end).abs() < 0.5, "{} {}", with.end, without.end);
    }
}
