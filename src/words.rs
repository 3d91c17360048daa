//! Words as a shell takes them, lists with commas as people write them, and numbers in sentences.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt::Display;
use std::path::Path;

/// What stands in tables and sentences for a figure that does not exist.
pub const MISSING: &str = "–";

/// One word as a shell takes it, quoted where it has to be.
pub fn word(text: impl Display) -> String {
    let text = text.to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./,=:@%+".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// A path as a shell takes it: no flag, and whole where it is no text.
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

/// Bytes that are no text, in the quotes that POSIX has for them since 2024.
fn bytes_word(text: &OsStr) -> String {
    let one = |&byte: &u8| match byte {
        b'\'' | b'\\' => format!("\\{}", char::from(byte)),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("\\{byte:03o}"),
    };
    format!("$'{}'", text.as_encoded_bytes().iter().map(one).collect::<String>())
}

/// A command as a shell takes it.
pub fn line(words: &[String]) -> String {
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// A command of this program to suggest in a message, `dml eval --run 'my runs/1'`: its words, then
/// a path.
pub fn dml(command: &str, path: &Path) -> String {
    format!("dml {command} {}", path_word(path))
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

/// At most so many letters of a text, with `…` for the rest.
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
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many things: `1 image`, `57,000 images`, `2 more classes`.
pub fn count(number: usize, thing: &str) -> String {
    format!("{} {}", grouped(number), things(number, thing))
}

/// The word for so many things, without the number.
pub fn things(number: usize, thing: &str) -> String {
    let begins = |ending: &str| thing.strip_suffix(ending);
    match (number, begins("y")) {
        (1, _) => thing.to_owned(),
        (_, Some(start)) if !start.ends_with(['a', 'e', 'o', 'u']) => format!("{start}ies"),
        _ if thing.ends_with(['s', 'x']) => format!("{thing}es"),
        _ => format!("{thing}s"),
    }
}

/// Numbers from here on are told in powers of ten.
const LARGE: f64 = 1e6;

/// A number with so many decimals; in powers of ten where that would be a long line of digits, or
/// zeros for what is not zero.
pub fn decimals(value: f64, decimals: usize) -> String {
    let shown = rounded(value, decimals);
    let hidden = value != 0.0 && shown.chars().all(|c| matches!(c, '0' | '.' | '-'));
    if hidden { format!("{value:.2e}") } else { shown }
}

/// The same where what is small may be zero, as seconds are.
pub fn rounded(value: f64, decimals: usize) -> String {
    match value.is_finite() && value.abs() >= LARGE {
        true => format!("{value:.2e}"),
        false => format!("{value:.decimals$}"),
    }
}

/// A number rounded to so many digits, at least one.
pub fn significant(value: f64, digits: usize) -> f64 {
    format!("{value:.0$e}", digits - 1).parse().unwrap_or(value)
}

/// A number in full, so that it reads back as it is; far from 1 without a long line of zeros.
pub fn exact(value: f64) -> String {
    match value.abs() {
        size if size == 0.0 || (1e-5..1e16).contains(&size) || !size.is_finite() => {
            value.to_string()
        }
        _ => format!("{value:e}"),
    }
}

/// The items of a list with commas: those that hold commas themselves are in double quotes, in
/// which two stand for one.
///
/// # Errors
/// A quote that is not closed, or text behind one that is.
pub fn list(text: &str) -> Result<Vec<String>, String> {
    let (mut items, mut rest) = (Vec::new(), text);
    loop {
        let begin = rest.trim_start();
        let (item, after) = match begin.strip_prefix('"') {
            Some(quoted) => {
                let (item, after) = unquoted(quoted)
                    .ok_or_else(|| format!("the quote before {quoted} is not closed"))?;
                (item, after.trim_start())
            }
            None => {
                let end = begin.find(',').unwrap_or(begin.len());
                (begin[..end].trim_end().to_owned(), &begin[end..])
            }
        };
        items.push(item);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(items),
            None => {
                return Err(format!(
                    "there is {after} behind a closed quote, where a comma is due"
                ));
            }
        }
    }
}

/// What stands before the closing quote, and what follows it.
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

/// An item as [`list`] reads it.
pub fn item(text: &str) -> String {
    let plain = !text.is_empty() && text.trim() == text && !text.contains([',', '"']);
    if plain { text.to_owned() } else { item_quoted(text) }
}

/// An item in quotes, whether it needs them or not.
pub fn item_quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;

    /// What a shell makes of a command that prints its arguments.
    fn printed(shell: &str, arguments: &str) -> Vec<u8> {
        let text = format!("printf '%s|' {arguments}");
        std::process::Command::new(shell).args(["-c", &text]).output().unwrap().stdout
    }

    #[test]
    fn of_many_names_the_first_few_are_shown_and_the_rest_counted() {
        assert_eq!(first_few(&["a", "b"], 2), "a, b");
        assert_eq!(first_few(&["a", "b", "c"].map(str::to_owned), 2), "a, b and 1 more");
        assert_eq!(first_few(&[] as &[&str], 2), "");
    }

    #[test]
    fn words_follow_their_numbers() {
        let told = [0, 1, 2, 57_000].map(|number| count(number, "image"));
        assert_eq!(told, ["0 images", "1 image", "2 images", "57,000 images"]);
        let many = ["class", "loss", "query", "more entry", "index", "day", "trial"];
        let told = many.map(|thing| things(2, thing));
        let right = ["classes", "losses", "queries", "more entries", "indexes", "days", "trials"];
        assert_eq!(told, right);
        assert_eq!(many.map(|thing| things(1, thing)), many);
    }

    #[test]
    fn a_number_of_any_size_is_short_and_never_zero_for_what_is_not() {
        let told = [0.0, 0.5, -2.34567, 999_999.5, 1e30, -1e6, 1e-30, 4e-5, 6e-5];
        let right = [
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
        assert_eq!(told.map(|value| decimals(value, 4)), right);
        assert_eq!([f64::NAN, f64::INFINITY].map(|value| decimals(value, 4)), ["NaN", "inf"]);
        assert_eq!([0.03, 2.25, 3e9].map(|seconds| rounded(seconds, 1)), ["0.0", "2.2", "3.00e9"]);
    }

    #[test]
    fn a_number_in_full_reads_back_as_it_is() {
        let told = [1e30, 2.0, 0.1 + 0.2, -3e-9, 0.0, f64::NAN].map(exact);
        assert_eq!(told, ["1e30", "2", "0.30000000000000004", "-3e-9", "0", "NaN"]);
        for value in [f64::MAX, f64::MIN_POSITIVE, 1.0 / 3.0, 1e16, -9.999e-6] {
            assert_eq!(exact(value).parse(), Ok(value));
        }
    }

    #[test]
    fn a_long_text_is_cut_between_letters() {
        assert_eq!((cut("äöü", 3), cut("äöü", 2)), ("äöü".into(), "äö…".into()));
    }

    #[test]
    fn a_word_with_spaces_or_quotes_is_one_word_to_a_shell() {
        let words = ["a.csv", "my file", "it's", "", "$HOME", "a\nb"].map(word);
        assert_eq!(words, ["a.csv", "'my file'", "'it'\\''s'", "''", "'$HOME'", "'a\nb'"]);
    }

    #[test]
    fn a_shell_reads_a_line_as_the_words_that_it_was_made_of() {
        let words = ["it's", "two words", "", "$HOME", "`id`", "\"\\", "*", "ä", "a;b", "~", "!x"];
        let text = line(&words.map(str::to_owned));
        assert_eq!(String::from_utf8(printed("sh", &text)).unwrap(), words.join("|") + "|");
    }

    #[test]
    fn a_suggested_command_names_the_path_whatever_it_is_called() {
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
    fn items_with_commas_are_quoted_and_read_back() {
        let read = |text: &str| list(text).unwrap();
        assert_eq!(read("a, b"), ["a", "b"]);
        assert_eq!(read("\"Shirt, long\",Bag"), ["Shirt, long", "Bag"]);
        assert_eq!(read("3\" pipe,\"say \"\"hi\"\"\" , x"), ["3\" pipe", "say \"hi\"", "x"]);
        assert_eq!(read(""), [""]);
        for text in ["a", "a, b", "say \"hi\"", " a", "", "ü–1"] {
            assert_eq!(read(&format!("{},z", item(text))), [text, "z"]);
        }
        assert!(list("\"a,b").unwrap_err().contains("is not closed"));
        assert!(list("\"a\"b").unwrap_err().contains("there is b behind a closed quote"));
    }
}
