//! Words as a shell takes them, and lists with commas as people write them.

use std::ffi::OsStr;
use std::fmt::Display;
use std::path::Path;

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
