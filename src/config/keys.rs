//! Checks the keys and values of a file against the defaults.

use std::path::Path;

use toml::{Table, Value};

use crate::error::{Fault, Result};
use crate::words::cut;

/// Keys that take text or a number; their own types validate them.
const TEXT_OR_NUMBER: [&str; 4] =
    ["model.embedding", "data.scale", "data.train_size", "train.steps"];

/// Refuses keys that are not among the defaults.
///
/// # Errors
/// The first such key, with the most similar known one.
pub fn refuse_unknown(table: &Table, known: &Table, path: &Path) -> Result<()> {
    let known = dotted(known);
    let sections: Vec<&str> = known.iter().filter_map(|key| key.split('.').next()).collect();
    for key in dotted(table) {
        let is_section = sections.contains(&key.as_str());
        if is_section || known.contains(&key) {
            continue;
        }
        let nearest = known
            .iter()
            .map(|candidate| (similarity(&key, candidate), candidate))
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map_or("", |(_, candidate)| candidate);
        let fault = Fault::new(path, format!("unknown key {}", cut(&key, 100)))
            .remedy(format!("the nearest key is {nearest}"));
        return Err(fault.into());
    }
    Ok(())
}

/// Refuses values of another type than the defaults; all keys of `table` must be known.
///
/// # Errors
/// The first such value, with its key and the expected type.
pub fn refuse_wrong_types(table: &Table, known: &Table, path: &Path) -> Result<()> {
    for (section, value) in table {
        let Some(Value::Table(defaults)) = known.get(section) else { continue };
        let Value::Table(values) = value else {
            let problem = format!("{section} = {}: must be a section, [{section}]", short(value));
            return Err(Fault::new(path, problem).into());
        };
        for (key, value) in values {
            let key_shown = format!("{section}.{key}");
            let expected = defaults.get(key).and_then(|default| expected_type(value, default));
            if let Some(expected) =
                expected.filter(|_| !TEXT_OR_NUMBER.contains(&key_shown.as_str()))
            {
                let problem = format!("{key_shown} = {}: must be {expected}", short(value));
                return Err(Fault::new(path, problem).into());
            }
        }
    }
    Ok(())
}

/// A value in a message, shortened: someone may have written a whole table instead of a number.
fn short(value: &Value) -> String {
    cut(&value.to_string(), 100).into_owned()
}

/// The expected type if a value does not have the type of the default.
fn expected_type(value: &Value, default: &Value) -> Option<&'static str> {
    let is_count = |value: &Value| value.as_integer().is_some_and(|number| number >= 0);
    let (fits, expected) = match default {
        Value::Integer(_) => (is_count(value), "a whole number of at least 0"),
        Value::Float(_) => (value.is_float() || value.is_integer(), "a number"),
        Value::Boolean(_) => (value.is_bool(), "true or false"),
        Value::Array(_) => {
            let fits = value.as_array().is_some_and(|list| list.iter().all(is_count));
            (fits, "a list of whole numbers, [1, 2]")
        }
        _ => (value.is_str(), "text in quotes"),
    };
    (!fits).then_some(expected)
}

/// Similarity of two keys: by their last part first, then as a whole.
fn similarity(key: &str, candidate: &str) -> f64 {
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    strsim::jaro_winkler(&last(key), &last(candidate)) + 0.1 * strsim::jaro_winkler(key, candidate)
}

/// The dotted keys of a table's values, `train.epochs`.
fn dotted(table: &Table) -> Vec<String> {
    let below = |(key, value): (&String, &Value)| match value {
        Value::Table(inner) if !inner.is_empty() => {
            dotted(inner).iter().map(|rest| format!("{key}.{rest}")).collect()
        }
        _ => vec![key.clone()],
    };
    table.iter().flat_map(below).collect()
}
