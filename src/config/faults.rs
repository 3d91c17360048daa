//! Explanations of common mistakes in TOML files, with the remedy.

use std::path::Path;

use toml::{Table, Value};

use crate::error::{Error, Fault, Result};

/// Longer than any line of settings.
const LONG: usize = 400;

/// The text of a UTF-8 file, without a byte-order mark.
///
/// # Errors
/// The file has another encoding, or is not a configuration at all.
pub fn text_of(content: Vec<u8>, path: &Path) -> Result<String> {
    let wide = content.starts_with(&[0xff, 0xfe]) || content.starts_with(&[0xfe, 0xff]);
    if wide {
        return Err(Fault::new(path, "is text in UTF-16").remedy("save it as UTF-8").into());
    }
    match String::from_utf8(content) {
        Ok(text) if !text.contains('\0') => {
            Ok(text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned))
        }
        Ok(_) => Err(no_configuration(path, "contains binary data")),
        Err(error) => {
            let start =
                String::from_utf8_lossy(&error.as_bytes()[..error.as_bytes().len().min(512)])
                    .into_owned();
            // Settings with a letter in another encoding are still a configuration.
            match start.contains('=') && !start.contains('\0') {
                true => {
                    Err(Fault::new(path, "is not UTF-8 text").remedy("save it as UTF-8").into())
                }
                false => Err(no_configuration(path, "is not UTF-8 text")),
            }
        }
    }
}

fn no_configuration(path: &Path, what: &str) -> Error {
    let fault = Fault::new(path, format!("is not a configuration: it {what}"));
    fault.remedy("name a file in TOML with --config, images with --data").into()
}

/// A TOML syntax error with the line number, its text and the remedy.
pub fn refused(error: &toml::de::Error, text: &str, path: &Path) -> Error {
    let start = error.span().map_or(0, |span| span.start).min(text.len());
    let start = (0..=start).rev().find(|&index| text.is_char_boundary(index)).unwrap_or(0);
    // An error at the end of a line is reported for the next line.
    let number = text[..start].matches('\n').count();
    let line = text.lines().nth(number).unwrap_or_default();
    if is_table(text) || line.chars().count() > LONG {
        let begin: String = text.chars().take(30).collect();
        return no_configuration(path, &format!("begins with {begin:?}"));
    }
    let (problem, remedy) = explained(line, error.message().trim());
    let fault = Fault::new(path, problem).line(number as u64 + 1).value(line.trim());
    fault.remedy(remedy).into()
}

/// Whether the text looks like CSV.
fn is_table(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let commas = |line: &str| line.matches([',', ';', '\t']).count();
    let first = lines.next().unwrap_or_default();
    let next = lines.next().unwrap_or(first);
    !first.contains('=') && commas(first) > 1 && commas(first) == commas(next)
}

/// The remedy for backslashes.
pub const BACKSLASH: &str = "in TOML a backslash starts an escape: write 'C:\\…' in single quotes, or \
                             C:/… with slashes";

/// The mistake in a line, and the remedy.
fn explained(line: &str, message: &str) -> (String, String) {
    let mistake = |problem: &str, remedy: &str| (problem.to_owned(), remedy.to_owned());
    let line = line.trim();
    let (key, value) = line.split_once('=').unwrap_or((line, ""));
    let (key, value) = (key.trim(), value.split('#').next().unwrap_or_default().trim());
    let quoted = value.starts_with('"');
    let is_word = |text: &str| !text.is_empty() && !text.contains(['"', '\'', '[', '{']);
    if message.contains("duplicate key") {
        return mistake("is set twice", "leave one of them");
    }
    if quoted && value.contains('\\') {
        return mistake("is not a valid TOML string", BACKSLASH);
    }
    if line.contains(['“', '”', '‘', '’', '„']) {
        return mistake("has typographic quotes", "write \" or '");
    }
    if !line.contains('=') && !line.starts_with('[') {
        return match line.split_once(':') {
            Some((key, value)) => {
                let remedy = format!("write {} = {}", key.trim(), value.trim());
                ("has a colon where TOML has =".to_owned(), remedy)
            }
            None => mistake("is not a setting", "write key = value, text in quotes"),
        };
    }
    if line.starts_with('[') && !line.contains('=') {
        return mistake("is not a section", "write [train] on a line by itself");
    }
    if let "True" | "False" | "TRUE" | "FALSE" | "yes" | "no" | "on" | "off" = value {
        let truth = matches!(value, "True" | "TRUE" | "yes" | "on");
        return ("is not a TOML boolean".to_owned(), format!("write {key} = {truth}"));
    }
    if let "None" | "null" | "NULL" | "nil" | "" = value {
        return mistake("has no value", "leave the line out for the default");
    }
    let digits = value.replacen(',', ".", 1);
    if value.contains(',') && digits.parse::<f64>().is_ok() {
        return ("has a decimal comma".to_owned(), format!("write {key} = {digits}"));
    }
    let is_odd = value.starts_with('.') || value.ends_with('.') || value.contains('e');
    if is_odd && let Ok(number) = value.parse::<f64>() {
        return ("is not a TOML number".to_owned(), format!("write {key} = {number:?}"));
    }
    if value.len() > 1
        && value.starts_with('0')
        && let Ok(number) = value.parse::<f64>()
    {
        return ("has leading zeros".to_owned(), format!("write {key} = {number}"));
    }
    if is_word(value) {
        return ("has text without quotes".to_owned(), format!("write {key} = \"{value}\""));
    }
    if (quoted && value.matches('"').count() == 1)
        || (value.starts_with('\'') && value.matches('\'').count() == 1)
    {
        return mistake("has a quote that is not closed", "close it on the same line");
    }
    let short = message.lines().next().unwrap_or("cannot be parsed");
    (format!("is not TOML ({short})"), "write key = value, text in quotes".to_owned())
}

/// Adds the file to an error about a setting, if the file sets it.
pub fn in_file(error: Error, table: &Table, path: &Path) -> Error {
    let Error::Setting { key, value, problem } = &error else { return error };
    let is_set = key.split_once('.').and_then(|(section, name)| {
        let found = table.get(section)?.as_table()?.get(name)?;
        let same = super::shown(found) == *value
            || found.to_string() == *value
            || super::number(found).is_some_and(|number| value.parse() == Ok(number))
            || (super::number(found).is_some_and(f64::is_nan) && value == "NaN");
        same.then_some(())
    });
    match is_set {
        Some(()) => Fault::new(path, format!("{key} = {value}: {problem}")).into(),
        None => error,
    }
}

/// Refuses strings with tabs and line breaks, such as `"C:\train\new.csv"`.
///
/// # Errors
/// The key, with the remedy.
pub fn refuse_escapes(table: &Table, text: &str, path: &Path) -> Result<()> {
    for (section, values) in table {
        let Value::Table(values) = values else { continue };
        for (key, value) in values {
            let Value::String(found) = value else { continue };
            if found.chars().any(char::is_control) && !Path::new(found).exists() {
                let is_key = |line: &str| line.trim_start().starts_with(key.as_str());
                let number = text.lines().position(is_key).map(|line| line as u64 + 1);
                let fault = Fault::new(
                    path,
                    format!("{section}.{key} contains a tab, a line break or the like"),
                );
                let fault = Fault { line: number, ..fault.value(found) };
                return Err(fault.remedy(BACKSLASH).into());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn message(text: &str) -> String {
        Config::parse(text, Path::new("my.toml")).unwrap_err().to_string()
    }

    #[test]
    fn common_mistakes_are_explained_with_line_and_remedy() {
        for (text, expected) in [
            (
                "[data]\npath = \"C:\\Users\\me\\train.csv\"\n",
                "my.toml, line 2: 'path = \"C:\\Users\\me\\train.csv\"' is not a valid TOML string; in TOML a backslash \
                 starts an escape: write 'C:\\…' in single quotes, or C:/… with slashes",
            ),
            ("[train]\nseed = 1\nseed = 2\n", "line 3: 'seed = 2' is set twice; leave one of them"),
            (
                "[data]\npath = train.csv\n",
                "line 2: 'path = train.csv' has text without quotes; write path = \"train.csv\"",
            ),
            (
                "[loss]\nnormalise = True\n",
                "line 2: 'normalise = True' is not a TOML boolean; write normalise = true",
            ),
            (
                "[train]\nlearning_rate = 0,001\n",
                "has a decimal comma; write learning_rate = 0.001",
            ),
            (
                "[train]\nlearning_rate = .001\n",
                "is not a TOML number; write learning_rate = 0.001",
            ),
            ("[train]\nepochs = 05\n", "has leading zeros; write epochs = 5"),
            ("[train]\nepochs: 5\n", "has a colon where TOML has =; write epochs = 5"),
            ("[train]\nepochs =\n", "has no value; leave the line out for the default"),
            ("[train]\nepochs = None\n", "has no value; leave the line out for the default"),
            ("[data]\npath = “a.csv”\n", "has typographic quotes; write \" or '"),
            (
                "[data]\npath = \"a.csv\n",
                "has a quote that is not closed; close it on the same line",
            ),
            ("[train\nepochs = 5\n", "line 1: '[train' is not a section; write [train] on a line"),
            ("epochs 5\n", "line 1: 'epochs 5' is not a setting; write key = value"),
        ] {
            let message = message(text);
            assert!(
                message.starts_with("my.toml, line ") && message.contains(expected),
                "{message}"
            );
        }
    }

    #[test]
    fn a_backslash_read_as_a_tab_is_explained() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("my.toml");
        std::fs::write(&path, "[data]\npath = \"C:\\train\\new.csv\"\n").unwrap();
        let message = Config::read_with(&path, Ok).unwrap_err().to_string();
        assert!(
            message.contains("my.toml, line 2: 'C:\\train\\new.csv' data.path contains a tab"),
            "{message}"
        );
        assert!(message.ends_with(BACKSLASH), "{message}");
    }

    #[test]
    fn data_files_passed_as_a_configuration_are_refused() {
        let header: Vec<String> = (0..784).map(|pixel| format!("pixel{pixel}")).collect();
        let zeros = vec!["0"; 784].join(",");
        let message = message(&format!("label,{}\n3,{zeros}\n", header.join(",")));
        assert_eq!(
            message,
            "my.toml: is not a configuration: it begins with \"label,pixel0,pixel1,pixel2,pix\"; name a file \
             in TOML with --config, images with --data"
        );
        let message =
            |content: &[u8]| text_of(content.to_vec(), Path::new("a")).unwrap_err().to_string();
        assert!(
            message(b"\x1f\x8b\x08\x00\x00\x00")
                .contains("is not a configuration: it is not UTF-8 text")
        );
        assert!(message(b"\x93NUMPY\x01\x00v\x00{'descr'").contains("is not a configuration"));
        assert!(
            message(b"[data]\npath = \"B\xe4ume.csv\"")
                .contains("is not UTF-8 text; save it as UTF-8")
        );
        assert!(message(b"\xff\xfe[\0t\0").contains("is text in UTF-16; save it as UTF-8"));
    }

    #[test]
    fn a_byte_order_mark_and_tabs_are_accepted() {
        let text =
            text_of(b"\xef\xbb\xbf[train]\r\n\tepochs\t=\t3\r\n".to_vec(), Path::new("a")).unwrap();
        assert_eq!(Config::parse(&text, Path::new("a")).unwrap().train.epochs, 3);
    }
}
