//! Names of classes in pictures: any text in any script, which the fonts at hand may lack.

use super::fonts::shaped;
use super::text::{TextStyle, Words, printable, shortened};

/// A class as pictures show it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassName<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its number, from 0.
    pub number: usize,
}

impl ClassName<'_> {
    /// The name, shortened to `width` pixels; the number of a class whose name is blank.
    pub fn within(self, width: f64, style: TextStyle) -> Words {
        let number = || shortened(&format!("#{}", self.number), width, style);
        if printable(self.name).trim().is_empty() {
            return Words { text: number(), instead: None };
        }
        let lacks = !lacking(self.name).is_empty();
        Words { text: shortened(self.name, width, style), instead: lacks.then(number) }
    }
}

/// Letters of a text that no font on this system draws.
fn lacking(text: &str) -> Vec<char> {
    shaped(&printable(text), false).lacking
}

/// Letters that are named in a message.
const SHOWN: usize = 3;

/// A remark on class names that no font on this system can draw; `None` if all can be drawn.
pub fn undrawable<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut letters: Vec<char> = names.flat_map(lacking).collect();
    letters.sort_unstable();
    letters.dedup();
    letters.first()?;
    let with_code = |letter: &char| format!("{letter} (U+{:04X})", u32::from(*letter));
    let shown: Vec<String> = letters.iter().take(SHOWN).map(with_code).collect();
    let more = match letters.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!(
        "no font on this system draws {}{more} in names of classes: PNG pictures show the numbers of \
         these classes instead (#0 is the first in confusion.csv); SVG pictures and reports keep the \
         names. Install a font that has them (Noto Sans CJK for Chinese, Japanese and Korean) and \
         draw again",
        shown.join(", "),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_can_be_drawn_stands_for_itself_and_a_blank_one_has_its_number() {
        let words = |name| ClassName { name, number: 7 }.within(100.0, TextStyle::label());
        assert_eq!(words("Bag"), Words { text: "Bag".to_owned(), instead: None });
        for blank in ["", "  ", "\u{202e}"] {
            assert_eq!(words(blank), Words { text: "#7".to_owned(), instead: None }, "{blank:?}");
        }
    }

    #[test]
    fn names_that_no_font_draws_give_one_warning_with_their_letters() {
        // Private letters that no font is known to have.
        let names = ["Bag", "a\u{10fff0}", "\u{10fff0}\u{10fff1}", "\u{10fff2}\u{10fff3}"];
        let warning = undrawable(names.into_iter()).unwrap();
        let letters =
            "\u{10fff0} (U+10FFF0), \u{10fff1} (U+10FFF1), \u{10fff2} (U+10FFF2) and 1 more";
        assert!(warning.contains(letters), "{warning}");
        assert_eq!(undrawable(["Bag", "Ärmel", "Ω", "Шуба", "a\nb"].into_iter()), None);
        let words = ClassName { name: names[1], number: 3 }.within(100.0, TextStyle::label());
        assert_eq!((words.text.as_str(), words.instead.as_deref()), (names[1], Some("#3")));
    }
}
