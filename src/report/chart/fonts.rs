//! Fonts: the two that are compiled in, and those of the system for letters that these lack.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use resvg::usvg::fontdb::{Database, FaceInfo, Source, Stretch, Style};
use resvg::usvg::{self, Group, Node, Options, Tree};

use super::markup::escaped;

static REGULAR: &[u8] = include_bytes!("../font/DejaVuSans.ttf");
static BOLD: &[u8] = include_bytes!("../font/DejaVuSans-Bold.ttf");
/// The family of both.
const FAMILY: &str = "DejaVu Sans";
/// Height of an em in which texts are measured.
pub const MEASURED: f64 = 100.0;

/// A text as the fonts set it.
#[derive(Debug, Clone, PartialEq)]
pub struct Shaped {
    /// Its length, where an em has [`MEASURED`] pixels.
    pub length: f64,
    /// Numbers of the glyphs in their fonts, from left to right.
    pub glyphs: Vec<u32>,
    /// Whether the compiled-in fonts lack some of its letters.
    pub foreign: bool,
    /// Letters that no font draws.
    pub lacking: Vec<char>,
}

/// The fonts that texts are set in.
pub struct Fonts {
    own: Arc<Database>,
    /// Where to look for others; none for the system's folders.
    folder: Option<PathBuf>,
    /// All, those first that end in a region's name (`JP`), by that name. They are read when the
    /// first letter is met that the compiled-in fonts lack: seconds on some systems.
    all: Mutex<HashMap<&'static str, Arc<Database>>>,
    /// Texts that were set, by whether they are bold.
    shaped: Mutex<HashMap<(String, bool), Shaped>>,
}

/// Texts that are remembered.
const REMEMBERED: usize = 10_000;

/// The fonts of this program.
fn fonts() -> &'static Fonts {
    static FONTS: OnceLock<Fonts> = OnceLock::new();
    FONTS.get_or_init(|| Fonts::new(None))
}

/// Sets a text.
pub fn shaped(text: &str, bold: bool) -> Shaped {
    fonts().shape(text, bold)
}

/// Parses an SVG; `foreign` if it has characters that the compiled-in fonts lack.
///
/// # Errors
/// It is no SVG.
pub fn parsed(svg: &str, foreign: bool) -> Result<Tree, usvg::Error> {
    fonts().parse(svg, foreign)
}

impl Fonts {
    /// The compiled-in fonts, and for other letters those of a folder, or of the system.
    fn new(folder: Option<&Path>) -> Fonts {
        let mut own = Database::new();
        for font in [REGULAR, BOLD] {
            own.load_font_source(Source::Binary(Arc::new(font)));
        }
        own.set_sans_serif_family(FAMILY);
        own.set_serif_family(FAMILY);
        let folder = folder.map(Path::to_path_buf);
        Fonts { own: Arc::new(own), folder, all: Mutex::default(), shaped: Mutex::default() }
    }

    fn parse(&self, svg: &str, foreign: bool) -> Result<Tree, usvg::Error> {
        let fontdb = if foreign { self.with_others(region(svg)) } else { Arc::clone(&self.own) };
        Tree::from_str(svg, &Options { fontdb, ..Options::default() })
    }

    fn shape(&self, text: &str, bold: bool) -> Shaped {
        let key = (text.to_owned(), bold);
        let remembered = || self.shaped.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shaped) = remembered().get(&key) {
            return shaped.clone();
        }
        let own = self.shape_in(text, bold, false);
        let shaped = match own.lacking.is_empty() {
            true => own,
            false => Shaped { foreign: true, ..self.shape_in(text, bold, true) },
        };
        let mut texts = remembered();
        if texts.len() >= REMEMBERED {
            texts.clear();
        }
        texts.insert(key, shaped.clone());
        shaped
    }

    fn shape_in(&self, text: &str, bold: bool, foreign: bool) -> Shaped {
        let weight = if bold { "bold" } else { "normal" };
        // Spaces at both ends count where a text is measured, and between two points they do.
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\" height=\"1\"><text \
             font-family=\"{FAMILY}\" font-size=\"{MEASURED}\" font-weight=\"{weight}\" \
             xml:space=\"preserve\">{}</text></svg>",
            escaped(text)
        );
        let tree = self.parse(&svg, foreign).expect("this is SVG");
        let mut shaped = Shaped { length: 0.0, glyphs: Vec::new(), foreign, lacking: Vec::new() };
        read_texts(tree.root(), &mut shaped);
        shaped
    }

    /// The compiled-in fonts, then the others, the most suitable first.
    fn with_others(&self, region: &'static str) -> Arc<Database> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let find = || Arc::new(with_others(&self.own, self.folder.as_deref(), region));
        Arc::clone(all.entry(region).or_insert_with(find))
    }
}

fn read_texts(group: &Group, shaped: &mut Shaped) {
    for node in group.children() {
        match node {
            Node::Group(group) => read_texts(group, shaped),
            Node::Text(text) => {
                shaped.length += f64::from(text.bounding_box().width());
                for glyph in text.layouted().iter().flat_map(|span| &span.positioned_glyphs) {
                    shaped.glyphs.push(glyph.id.0);
                    if glyph.id.0 == 0 {
                        shaped.lacking.extend(glyph.text.chars());
                    }
                }
            }
            _ => {}
        }
    }
}

/// How the family of a font for the Chinese characters of a text may end.
fn region(text: &str) -> &'static str {
    let has = |within: fn(char) -> bool| text.chars().any(within);
    match () {
        () if has(|letter| matches!(letter, '\u{3040}'..='\u{30ff}')) => "JP",
        () if has(|letter| matches!(letter, '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7af}')) => {
            "KR"
        }
        () => "SC",
    }
}

/// A letter is taken from the first font that has it.
fn with_others(own: &Database, folder: Option<&Path>, region: &str) -> Database {
    let mut found = Database::new();
    match folder {
        Some(folder) => found.load_fonts_dir(folder),
        None => found.load_system_fonts(),
    }
    // One face of a family is enough: upright, and about as heavy as text.
    let mut families: BTreeMap<&str, &FaceInfo> = BTreeMap::new();
    for face in found.faces().filter(|face| face.style == Style::Normal) {
        let Some((family, _)) = face.families.first() else { continue };
        if is_placeholder(family) {
            continue;
        }
        let chosen = families.entry(family).or_insert(face);
        if unlike_text(face) < unlike_text(chosen) {
            *chosen = face;
        }
    }
    let mut faces: Vec<(&str, &FaceInfo)> = families.into_iter().collect();
    faces.sort_by_key(|(family, _)| (!family.ends_with(region), !goes_with_sans(family)));
    let mut all = own.clone();
    for (_, face) in faces {
        all.push_face_info(face.clone());
    }
    all
}

/// How far a face is from the weight and width of text; ties are broken by name, not by path.
fn unlike_text(face: &FaceInfo) -> (u16, bool, u16, &str) {
    let (weight, narrow) = (face.weight.0, face.stretch != Stretch::Normal);
    (weight.abs_diff(400), narrow, weight, &face.post_script_name)
}

/// Whether a font has boxes for all letters there are, as macOS' last resort has.
fn is_placeholder(family: &str) -> bool {
    let family = family.to_lowercase().replace([' ', '.'], "");
    ["lastresort", "adobeblank"].iter().any(|name| family.starts_with(name))
}

/// Whether a family looks like the compiled-in one, which has neither serifs nor one width.
fn goes_with_sans(family: &str) -> bool {
    let unlike = ["serif", "mono", "mincho", "ming", "song", "batang", "nastaliq"];
    let family = family.to_lowercase();
    !unlike.iter().any(|word| family.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two fonts of a few boxes, made by `tests/reference/fonts.py`.
    fn boxes() -> Fonts {
        Fonts::new(Some(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/fonts")))
    }

    #[test]
    fn families_without_serifs_come_first() {
        assert!(goes_with_sans("Noto Sans CJK JP") && goes_with_sans("WenQuanYi Zen Hei"));
        assert!(!goes_with_sans("Noto Serif CJK JP") && !goes_with_sans("IPAMincho"));
        assert!(is_placeholder(".LastResort") && is_placeholder("Last Resort High-Efficiency"));
        assert_eq!(["日本のもの", "한국", "中国", "abc"].map(region), ["JP", "KR", "SC", "SC"]);
    }

    #[test]
    fn letters_that_the_compiled_in_fonts_lack_come_from_the_font_that_has_them() {
        let fonts = boxes();
        let (line, letters) = (fonts.shape("a日b", false), fonts.shape("ab", false));
        assert!(line.foreign && line.lacking.is_empty() && line.glyphs.len() == 3);
        // Of the two that have it, the one without serifs: an em wide.
        assert!((line.length - letters.length - 100.0).abs() < 0.5, "{line:?} {letters:?}");
        assert!(!letters.foreign);
    }

    #[test]
    fn a_letter_that_no_font_has_is_lacking() {
        let fonts = boxes();
        assert_eq!(fonts.shape("日\u{10fff0}", false).lacking, ['\u{10fff0}']);
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(Fonts::new(Some(empty.path())).shape("日", false).lacking, ['日']);
    }

    #[test]
    fn a_letter_that_only_a_font_with_serifs_has_is_taken_from_there() {
        let length = boxes().shape("本", false).length;
        assert!((length - 50.0).abs() < 0.5, "{length}");
    }

    #[test]
    fn arabic_runs_from_the_right_in_joined_shapes() {
        let glyphs = |text: &str| shaped(text, false).glyphs;
        // Lam and alef are one shape.
        assert_eq!(glyphs("لا").len(), 1);
        let (alone, joined) = (glyphs("ب"), glyphs("ببب"));
        assert!(joined.len() == 3 && !joined.contains(&alone[0]), "{joined:?} {alone:?}");
        // Alef joins nothing to its left, so that both stand as they do alone, the first at the right.
        let [alef, dal] = ["ا", "د"].map(|letter| glyphs(letter)[0]);
        assert_eq!(glyphs("اد"), [dal, alef]);
        // Latin letters beside it run from the left, as does the line, unless it says otherwise.
        let [a, b] = ["a", "b"].map(|letter| glyphs(letter)[0]);
        let mixed = glyphs("ا ab");
        assert_eq!((mixed[0], mixed[2], mixed[3]), (alef, a, b));
    }

    #[test]
    fn an_accent_stands_over_its_letter() {
        let [apart, whole] = ["e\u{301}", "é"].map(|text| shaped(text, false));
        assert!((apart.length - whole.length).abs() < 2.0, "{apart:?} {whole:?}");
        assert!(apart.lacking.is_empty());
    }

    #[test]
    fn letters_that_are_not_seen_take_no_room_and_lack_no_font() {
        let [with, without] = ["a\u{200d}b", "ab"].map(|text| shaped(text, false));
        assert!(with.lacking.is_empty());
        assert!((with.length - without.length).abs() < 2.0, "{with:?} {without:?}");
    }
}
