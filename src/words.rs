//! Shell quoting, comma-separated lists, and numbers in sentences.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt::Display;
use std::path::Path;

/// What tables and sentences show for an undefined figure.
pub const MISSING: &str = "–";

/// Quotes a word for the shell if necessary.
pub fn word(text: impl Display) -> String {
    let text = text.to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./,=:@%+".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// Quotes a path for the shell, so that it is not taken for a flag; also if it is not UTF-8.
pub fn path_word(path: &Path) -> String {
    let shown = match path.to_str() {
        Some(text) => word(text),
        None => bytes_word(path.as_os_str()),
    };
    match path.as_os_str().as_encoded_bytes().first() {
        Some(b'-') if path != Path::new("-") => format!("./{shown}"),
        _ => shown,
    }
}

/// Quotes bytes that are not UTF-8 as `$'…'`, in POSIX since 2024.
fn bytes_word(text: &OsStr) -> String {
    let one = |&byte: &u8| match byte {
        b'\'' | b'\\' => format!("\\{}", char::from(byte)),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("\\{byte:03o}"),
    };
    format!("$'{}'", text.as_encoded_bytes().iter().map(one).collect::<String>())
}

/// Joins words into a command line for the shell.
pub fn line(words: &[String]) -> String {
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// A command of this program followed by a path, for a message: `dml eval --run 'my runs/1'`.
pub fn dml(command: &str, path: &Path) -> String {
    format!("dml {command} {}", path_word(path))
}

/// The most similar of some names to what was typed; empty if there is none.
pub fn nearest<'a>(typed: &str, names: &[&'a str]) -> &'a str {
    similar(typed, names, 0.0).first().copied().unwrap_or_default()
}

/// The names whose Jaro–Winkler similarity to what was typed, in 0..=1, is at least `least`; the most
/// similar first.
pub fn similar<'a>(typed: &str, names: &[&'a str], least: f64) -> Vec<&'a str> {
    let with = names.iter().map(|name| (strsim::jaro_winkler(typed, name), *name));
    let mut found: Vec<(f64, &str)> = with.filter(|(similarity, _)| *similarity >= least).collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().map(|(_, name)| name).collect()
}

/// A flag with its value for a suggested command, joined by `=` if the value begins with a dash and
/// would be taken for a flag: `--label=-1`.
pub fn flag(name: &str, value: impl Display) -> String {
    let value = word(value);
    match value.trim_start_matches('\'').starts_with('-') {
        true => format!("{name}={value}"),
        false => format!("{name} {value}"),
    }
}

/// The first few of many names for a message: `a, b, c and 7 more`.
pub fn first_few(names: &[impl AsRef<str>], most: usize) -> String {
    let shown: Vec<&str> = names.iter().take(most).map(AsRef::as_ref).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Alternatives in a message: `a, b or c`; empty if there is none.
pub fn either(names: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => names.concat(),
    }
}

/// Truncates a text to `most` characters, with `…` for the rest.
pub fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// 57000 as `57,000`.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun: `1 image`, `57,000 images`, `2 more classes`.
pub fn count(number: usize, thing: &str) -> String {
    format!("{} {}", grouped(number), things(number, thing))
}

/// The singular or plural of a noun, without the number.
pub fn things(number: usize, thing: &str) -> String {
    match (number, thing.strip_suffix("y")) {
        (1, _) => thing.to_owned(),
        (_, Some(start)) if !start.ends_with(['a', 'e', 'o', 'u']) => format!("{start}ies"),
        _ if thing.ends_with(['s', 'x']) => format!("{thing}es"),
        _ => format!("{thing}s"),
    }
}

/// Numbers from here on are shown in scientific notation.
const LARGE: f64 = 1e6;

/// A number with fixed decimals; in scientific notation if it is too large, or would be rounded to
/// zero.
pub fn decimals(value: f64, decimals: usize) -> String {
    let shown = rounded(value, decimals);
    let hidden = value != 0.0 && shown.chars().all(|c| matches!(c, '0' | '.' | '-'));
    if hidden { format!("{value:.2e}") } else { shown }
}

/// Like [`decimals`], but small numbers may be rounded to zero, as seconds are.
pub fn rounded(value: f64, decimals: usize) -> String {
    match value.is_finite() && value.abs() >= LARGE {
        true => format!("{value:.2e}"),
        false => format!("{value:.decimals$}"),
    }
}

/// A number rounded to significant digits, at least one.
pub fn significant(value: f64, digits: usize) -> f64 {
    format!("{value:.0$e}", digits - 1).parse().unwrap_or(value)
}

/// A number in full precision, so that it round-trips; in scientific notation far from 1.
pub fn exact(value: f64) -> String {
    match value.abs() {
        size if size == 0.0 || (1e-5..1e16).contains(&size) || !size.is_finite() => {
            value.to_string()
        }
        _ => format!("{value:e}"),
    }
}

/// Parses a comma-separated list. Items that contain commas are in double quotes, within which two
/// quotes mean one.
///
/// # Errors
/// An unclosed quote, or text after a closing quote.
pub fn list(text: &str) -> Result<Vec<String>, String> {
    let (mut items, mut rest) = (Vec::new(), text);
    loop {
        let start = rest.trim_start();
        let (item, after) = match start.strip_prefix('"') {
            Some(quoted) => {
                let (item, after) = unquoted(quoted)
                    .ok_or_else(|| format!("the quote before {quoted} is not closed"))?;
                (item, after.trim_start())
            }
            None => {
                let end = start.find(',').unwrap_or(start.len());
                (start[..end].trim_end().to_owned(), &start[end..])
            }
        };
        items.push(item);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(items),
            None => {
                return Err(format!("expected a comma after the closing quote, found {after}"));
            }
        }
    }
}

/// The text up to the closing quote, and the rest.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut from = 0;
    loop {
        let end = from + text[from..].find('"')?;
        if text[end + 1..].starts_with('"') {
            from = end + 2;
            continue;
        }
        return Some((text[..end].replace("\"\"", "\""), &text[end + 1..]));
    }
}

/// An item of a [`list`], quoted if necessary.
pub fn item(text: &str) -> String {
    let plain = !text.is_empty() && text.trim() == text && !text.contains([',', '"']);
    if plain { text.to_owned() } else { item_quoted(text) }
}

/// An item of a [`list`] in quotes.
pub fn item_quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A template with the value in place of each `{key}`.
pub fn fill(template: &str, value: impl Fn(&str) -> String) -> String {
    let mut pieces = template.split('{');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (key, rest) = piece.split_once('}').unwrap_or((piece, ""));
        text += &value(key);
        text += rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;

    /// The arguments as the shell passes them to a command.
    fn printed(shell: &str, arguments: &str) -> Vec<u8> {
        let text = format!("printf '%s|' {arguments}");
        std::process::Command::new(shell).args(["-c", &text]).output().unwrap().stdout
    }

    #[test]
    fn a_long_list_shows_the_first_few_and_counts_the_rest() {
        assert_eq!(first_few(&["a", "b"], 2), "a, b");
        assert_eq!(first_few(&["a", "b", "c"].map(str::to_owned), 2), "a, b and 1 more");
        assert_eq!(first_few(&[] as &[&str], 2), "");
    }

    #[test]
    fn alternatives_are_joined_by_commas_and_or() {
        let names = ["a", "b", "c"];
        assert_eq!(
            [0, 1, 2, 3].map(|most| either(&names[..most])),
            ["", "a", "a or b", "a, b or c"]
        );
    }

    #[test]
    fn similar_names_come_in_the_order_of_their_similarity() {
        let names = ["triplet", "margin", "contrastive", "npairs"];
        assert_eq!(nearest("contrastiv", &names), "contrastive");
        assert_eq!(similar("marginal", &["mar", "triplet", "margin"], 0.8), ["margin", "mar"]);
        assert_eq!((nearest("x", &[]), similar("zzz", &names, 0.8)), ("", vec![]));
    }

    #[test]
    fn nouns_are_singular_or_plural() {
        let counts = [0, 1, 2, 57_000].map(|number| count(number, "image"));
        assert_eq!(counts, ["0 images", "1 image", "2 images", "57,000 images"]);
        let nouns = ["class", "loss", "query", "more entry", "index", "day", "trial"];
        let plurals = nouns.map(|thing| things(2, thing));
        let expected =
            ["classes", "losses", "queries", "more entries", "indexes", "days", "trials"];
        assert_eq!(plurals, expected);
        assert_eq!(nouns.map(|thing| things(1, thing)), nouns);
    }

    #[test]
    fn numbers_are_short_and_only_zero_is_shown_as_zero() {
        let values = [0.0, 0.5, -2.34567, 999_999.5, 1e30, -1e6, 1e-30, 4e-5, 6e-5];
        let expected = [
            "0.0000",
            "0.5000",
            "-2.3457",
            "999999.5000",
            "1.00e30",
            "-1.00e6",
            "1.00e-30",
            "4.00e-5",
            "0.0001",
        ];
        assert_eq!(values.map(|value| decimals(value, 4)), expected);
        assert_eq!([f64::NAN, f64::INFINITY].map(|value| decimals(value, 4)), ["NaN", "inf"]);
        assert_eq!([0.03, 2.25, 3e9].map(|seconds| rounded(seconds, 1)), ["0.0", "2.2", "3.00e9"]);
    }

    #[test]
    fn exact_numbers_round_trip() {
        let texts = [1e30, 2.0, 0.1 + 0.2, -3e-9, 0.0, f64::NAN].map(exact);
        assert_eq!(texts, ["1e30", "2", "0.30000000000000004", "-3e-9", "0", "NaN"]);
        for value in [f64::MAX, f64::MIN_POSITIVE, 1.0 / 3.0, 1e16, -9.999e-6] {
            assert_eq!(exact(value).parse(), Ok(value));
        }
    }

    #[test]
    fn a_long_text_is_truncated_between_characters() {
        assert_eq!((cut("äöü", 3), cut("äöü", 2)), ("äöü".into(), "äö…".into()));
    }

    #[test]
    fn words_with_spaces_or_quotes_are_quoted() {
        let words = ["a.csv", "my file", "it's", "", "$HOME", "a\nb"].map(word);
        assert_eq!(words, ["a.csv", "'my file'", "'it'\\''s'", "''", "'$HOME'", "'a\nb'"]);
    }

    #[test]
    fn a_shell_splits_a_line_into_the_original_words() {
        let words = ["it's", "two words", "", "$HOME", "`id`", "\"\\", "*", "ä", "a;b", "~", "!x"];
        let text = line(&words.map(str::to_owned));
        assert_eq!(String::from_utf8(printed("sh", &text)).unwrap(), words.join("|") + "|");
    }

    #[test]
    fn a_suggested_command_quotes_any_path() {
        let of = |path: &str| dml("eval --run", Path::new(path));
        assert_eq!(of("runs/a-1"), "dml eval --run runs/a-1");
        assert_eq!(of("my runs – ü/n 1"), "dml eval --run 'my runs – ü/n 1'");
        assert_eq!(of("-x"), "dml eval --run ./-x");
        assert_eq!(of("-a b"), "dml eval --run ./'-a b'");
        let odd = Path::new(OsStr::from_bytes(b"r\xff 'x\\/1"));
        assert_eq!(path_word(odd), "$'r\\377 \\'x\\\\/1'");
        assert_eq!(printed("bash", &path_word(odd)), b"r\xff 'x\\/1|");
    }

    #[test]
    fn a_suggested_flag_keeps_a_value_that_begins_with_a_dash() {
        assert_eq!(flag("--label", "class"), "--label class");
        assert_eq!(flag("--label", "my class"), "--label 'my class'");
        assert_eq!(flag("--label", "-1"), "--label=-1");
        assert_eq!(flag("--label", "-my class"), "--label='-my class'");
        assert_eq!(printed("sh", &flag("--label", "-it's")), b"--label=-it's|");
    }

    #[test]
    fn items_with_commas_are_quoted_and_round_trip() {
        let read = |text: &str| list(text).unwrap();
        assert_eq!(read("a, b"), ["a", "b"]);
        assert_eq!(read("\"Shirt, long\",Bag"), ["Shirt, long", "Bag"]);
        assert_eq!(read("3\" pipe,\"say \"\"hi\"\"\" , x"), ["3\" pipe", "say \"hi\"", "x"]);
        assert_eq!(read(""), [""]);
        for text in ["a", "a, b", "say \"hi\"", " a", "", "ü–1"] {
            assert_eq!(read(&format!("{},z", item(text))), [text, "z"]);
        }
        assert!(list("\"a,b").unwrap_err().contains("is not closed"));
        assert!(list("\"a\"b").unwrap_err().contains("after the closing quote, found b"));
    }

    #[test]
    fn keys_in_braces_become_their_values() {
        let double = |key: &str| key.repeat(2);
        assert_eq!(fill("a {b} c {d}", double), "a bb c dd");
        assert_eq!(fill("{a}{b}", double), "aabb");
        assert_eq!(fill("none", double), "none");
    }
}
