//! Fonts: the two that are compiled in, and those of the system for letters that these lack.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use ab_glyph::{Font, FontRef, GlyphId};
use fontdb::{Database, FaceInfo, Source, Stretch, Style};

static REGULAR: &[u8] = include_bytes!("../font/DejaVuSans.ttf");
static BOLD: &[u8] = include_bytes!("../font/DejaVuSans-Bold.ttf");

/// A font in memory. Once needed, it stays there until the program ends.
pub struct Face {
    /// Outlines by the number of the glyph.
    pub outlines: FontRef<'static>,
    /// What places glyphs that depend on their neighbours.
    pub shaping: rustybuzz::Face<'static>,
}

/// The fonts that texts are set in.
pub struct Fonts {
    own: [Face; 2],
    /// Where to look for others; none for the system's folders.
    folder: Option<PathBuf>,
    /// Read when the first letter is met that the compiled-in fonts lack: seconds on some systems.
    others: OnceLock<Others>,
}

/// Other fonts, the most suitable first.
struct Others {
    fonts: Vec<Other>,
    files: Mutex<HashMap<PathBuf, &'static [u8]>>,
}

/// A font that was found, and the letters it has.
struct Other {
    family: String,
    path: PathBuf,
    index: u32,
    /// First and last letter of each range without a gap, rising.
    letters: Vec<(u32, u32)>,
    face: OnceLock<Option<Face>>,
}

/// The fonts of this program.
pub fn fonts() -> &'static Fonts {
    static FONTS: OnceLock<Fonts> = OnceLock::new();
    FONTS.get_or_init(|| Fonts::new(None))
}

impl Face {
    fn new(bytes: &'static [u8], index: u32) -> Option<Face> {
        let outlines = FontRef::try_from_slice_and_index(bytes, index).ok()?;
        Some(Face { outlines, shaping: rustybuzz::Face::from_slice(bytes, index)? })
    }

    /// Whether it has an outline of each of these letters. A coloured picture of one, as emoji are,
    /// is none.
    fn draws(&self, letters: &[char]) -> bool {
        letters.iter().all(|&letter| {
            let glyph = self.outlines.glyph_id(letter);
            let seen = || letter.is_whitespace() || self.outlines.outline(glyph).is_some();
            glyph != GlyphId(0) && seen()
        })
    }

    /// Pixels of a unit of the font where an em has `em` pixels.
    pub fn pixels_per_unit(&self, em: f32) -> f32 {
        em / self.outlines.units_per_em().unwrap_or(1000.0)
    }

    /// The scale of ab_glyph at which an em has `em` pixels: the height of the font, not its em.
    pub fn scale(&self, em: f32) -> f32 {
        self.pixels_per_unit(em) * self.outlines.height_unscaled()
    }
}

impl Fonts {
    /// The compiled-in fonts, and for other letters those of a folder, or of the system.
    pub fn new(folder: Option<&Path>) -> Fonts {
        let own = |bytes| Face::new(bytes, 0).expect("the font that is compiled in is a font");
        Fonts {
            own: [own(REGULAR), own(BOLD)],
            folder: folder.map(Path::to_path_buf),
            others: OnceLock::new(),
        }
    }

    /// The compiled-in font.
    pub fn own(&self, bold: bool) -> &Face {
        &self.own[usize::from(bold)]
    }

    /// A font that draws all of these letters: the compiled-in one, else the most suitable other.
    /// Of fonts for Chinese, Japanese and Korean, the one of `region` (`SC`, `JP`, `KR`) is taken
    /// where there are several.
    pub fn with(&self, letters: &[char], bold: bool, region: &str) -> Option<&Face> {
        let others = || self.others.get_or_init(|| Others::find(self.folder.as_deref()));
        let own = [bold, !bold].map(|bold| self.own(bold)).into_iter();
        own.into_iter().find(|own| own.draws(letters)).or_else(|| others().with(letters, region))
    }
}

impl Others {
    fn find(folder: Option<&Path>) -> Others {
        let mut database = Database::new();
        match folder {
            Some(folder) => database.load_fonts_dir(folder),
            None => database.load_system_fonts(),
        }
        // One face of a family is enough: upright, and about as heavy as text.
        let mut families: BTreeMap<&str, &FaceInfo> = BTreeMap::new();
        for face in database.faces().filter(|face| face.style == Style::Normal) {
            let Some((family, _)) = face.families.first() else { continue };
            if is_placeholder(family) {
                continue;
            }
            let chosen = families.entry(family).or_insert(face);
            if unlike_text(face) < unlike_text(chosen) {
                *chosen = face;
            }
        }
        let read = |(family, face): (&str, &FaceInfo)| Other::read(family, face, &database);
        let mut fonts: Vec<Other> = families.into_iter().filter_map(read).collect();
        fonts.sort_by_key(|font| !goes_with_sans(&font.family));
        Others { fonts, files: Mutex::default() }
    }

    fn with(&self, letters: &[char], region: &str) -> Option<&Face> {
        let has_all = |font: &&Other| font.has(letters);
        let mut fonts: Vec<&Other> = self.fonts.iter().filter(has_all).collect();
        fonts.sort_by_key(|font| !font.family.ends_with(region));
        let faces = fonts.into_iter().filter_map(|font| self.face(font));
        faces.into_iter().find(|face| face.draws(letters))
    }

    fn face<'a>(&'a self, font: &'a Other) -> Option<&'a Face> {
        let load = || Face::new(self.bytes(&font.path)?, font.index);
        font.face.get_or_init(load).as_ref()
    }

    /// The bytes of a file, which several fonts may share.
    fn bytes(&self, path: &Path) -> Option<&'static [u8]> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = files.get(path) {
            return Some(bytes);
        }
        let bytes: &'static [u8] = std::fs::read(path).ok()?.leak();
        files.insert(path.to_path_buf(), bytes);
        Some(bytes)
    }
}

/// How far a face is from the weight and width of text; ties by its name, not by where it lies.
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

impl Other {
    fn read(family: &str, face: &FaceInfo, database: &Database) -> Option<Other> {
        let letters = database.with_face_data(face.id, letters_of)??;
        let path = match &face.source {
            Source::File(path) | Source::SharedFile(path, _) => path.clone(),
            Source::Binary(_) => return None,
        };
        let (family, index) = (family.to_owned(), face.index);
        Some(Other { family, path, index, letters, face: OnceLock::new() })
    }

    fn has(&self, letters: &[char]) -> bool {
        letters.iter().all(|&letter| {
            let letter = u32::from(letter);
            let after = self.letters.partition_point(|(first, _)| *first <= letter);
            after > 0 && letter <= self.letters[after - 1].1
        })
    }
}

/// The letters of a font in a file, as ranges.
fn letters_of(bytes: &[u8], index: u32) -> Option<Vec<(u32, u32)>> {
    let face = rustybuzz::ttf_parser::Face::parse(bytes, index).ok()?;
    let mut letters = Vec::new();
    for table in face.tables().cmap?.subtables.into_iter().filter(|table| table.is_unicode()) {
        table.codepoints(|letter| letters.push(letter));
    }
    Some(ranges(letters))
}

/// First and last of each range without a gap.
fn ranges(mut numbers: Vec<u32>) -> Vec<(u32, u32)> {
    numbers.sort_unstable();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if number <= *last + 1 => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_kept_as_ranges() {
        assert_eq!(ranges(vec![5, 3, 4, 9, 4, 11, 10]), [(3, 5), (9, 11)]);
        assert!(ranges(Vec::new()).is_empty());
    }

    #[test]
    fn families_without_serifs_come_first() {
        assert!(goes_with_sans("Noto Sans CJK JP") && goes_with_sans("WenQuanYi Zen Hei"));
        assert!(!goes_with_sans("Noto Serif CJK JP") && !goes_with_sans("IPAMincho"));
        assert!(is_placeholder(".LastResort") && is_placeholder("Last Resort High-Efficiency"));
    }
}
