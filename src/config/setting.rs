//! A single setting, as the command line has it.

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

/// A setting on the command line: `train.epochs=10`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// Dotted key, `train.epochs`.
    pub key: String,
    /// Its value as TOML; a bare word is text.
    pub value: Value,
}

impl Setting {
    /// Reads `KEY=VALUE`.
    ///
    /// # Errors
    /// There is no `=`, or no dotted key before it.
    pub fn read(text: &str) -> std::result::Result<Setting, String> {
        let (key, value) = split_key(text)?;
        Ok(Setting { key, value: value_of(value) })
    }

    /// Reads `KEY=VALUE,VALUE,…` as one setting per value. Commas in brackets or quotes belong to the
    /// value.
    ///
    /// # Errors
    /// As [`Setting::read`].
    pub fn read_list(text: &str) -> std::result::Result<Vec<Setting>, String> {
        let (key, values) = split_key(text)?;
        let one = |value: String| Setting { key: key.clone(), value: value_of(&value) };
        Ok(split_list(values).into_iter().map(one).collect())
    }

    /// The value for display: text without quotes.
    pub fn shown(&self) -> String {
        shown(&self.value)
    }

    /// The value as a number, if it is one.
    pub fn number(&self) -> Option<f64> {
        number(&self.value)
    }
}

/// A value for display: text without quotes, numbers far from 1 in scientific notation.
pub fn shown(value: &Value) -> String {
    let is_far = |number: f64| number != 0.0 && !(1e-3..1e7).contains(&number.abs());
    match value {
        Value::String(text) => text.clone(),
        Value::Float(number) if is_far(*number) => format!("{number:e}"),
        other => other.to_string(),
    }
}

/// A value as a number, if it is one.
pub fn number(value: &Value) -> Option<f64> {
    value.as_float().or(value.as_integer().map(|number| number as f64))
}

fn split_key(text: &str) -> std::result::Result<(String, &str), String> {
    match text.split_once('=') {
        Some((key, value)) if key.contains('.') && !value.trim().is_empty() => {
            Ok((key.trim().to_owned(), value))
        }
        _ => Err("expected SECTION.KEY=VALUE, as in train.epochs=10".to_owned()),
    }
}

/// The parsed TOML value, or the text itself.
fn value_of(text: &str) -> Value {
    let text = text.trim();
    let parsed = format!("value = {text}").parse::<Table>().ok();
    let value = parsed.and_then(|mut table| table.remove("value"));
    value.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Splits a list at its commas, except those in brackets or quotes.
fn split_list(text: &str) -> Vec<String> {
    let (mut found, mut depth, mut quoted) = (vec![String::new()], 0, false);
    for letter in text.chars() {
        match letter {
            '"' => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth -= 1,
            _ => {}
        }
        if letter == ',' && depth == 0 && !quoted {
            found.push(String::new());
        } else {
            found.last_mut().expect("it is never empty").push(letter);
        }
    }
    found
}
