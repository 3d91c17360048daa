//! Keys and values of a file, held against those of the defaults.

use std::path::Path;

use toml::{Table, Value};

use crate::error::{Fault, Result};
use crate::words::cut;

/// Keys that take text or a number; their own types tell what is wrong with them.
const EITHER: [&str; 4] = ["model.embedding", "data.scale", "data.train_size", "train.steps"];

/// Refuses keys that the defaults lack.
///
/// # Errors
/// The first such key, with the nearest that there is.
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
            .map(|candidate| (closeness(&key, candidate), candidate))
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map_or("", |(_, candidate)| candidate);
        let fault = Fault::new(path, format!("unknown key {}", cut(&key, 100)))
            .remedy(format!("the nearest key is {nearest}"));
        return Err(fault.into());
    }
    Ok(())
}

/// Refuses values of another kind than the defaults', whose keys `table` has.
///
/// # Errors
/// The first such value, with its key and what it can be.
pub fn refuse_other_kinds(table: &Table, known: &Table, path: &Path) -> Result<()> {
    for (section, value) in table {
        let Some(Value::Table(defaults)) = known.get(section) else { continue };
        let Value::Table(values) = value else {
            let problem = format!("{section} = {}: must be a section, [{section}]", short(value));
            return Err(Fault::new(path, problem).into());
        };
        for (key, value) in values {
            let key_shown = format!("{section}.{key}");
            let wanted = defaults.get(key).and_then(|default| wanted(value, default));
            if let Some(wanted) = wanted.filter(|_| !EITHER.contains(&key_shown.as_str())) {
                let problem = format!("{key_shown} = {}: must be {wanted}", short(value));
                return Err(Fault::new(path, problem).into());
            }
        }
    }
    Ok(())
}

/// A value as a message shows it: a whole table of numbers may stand where one number should.
fn short(value: &Value) -> String {
    cut(&value.to_string(), 100).into_owned()
}

/// What a value has to be and is not, going by the default in its place.
fn wanted(value: &Value, default: &Value) -> Option<&'static str> {
    let is_count = |value: &Value| value.as_integer().is_some_and(|number| number >= 0);
    let (fits, wanted) = match default {
        Value::Integer(_) => (is_count(value), "a whole number from 0 on"),
        Value::Float(_) => (value.is_float() || value.is_integer(), "a number"),
        Value::Boolean(_) => (value.is_bool(), "true or false"),
        Value::Array(_) => {
            let fits = value.as_array().is_some_and(|list| list.iter().all(is_count));
            (fits, "a list of whole numbers, [1, 2]")
        }
        _ => (value.is_str(), "text in quotes"),
    };
    (!fits).then_some(wanted)
}

/// How near two keys are: by their last part first, then as a whole.
fn closeness(key: &str, candidate: &str) -> f64 {
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    strsim::jaro_winkler(&last(key), &last(candidate)) + 0.1 * strsim::jaro_winkler(key, candidate)
}

/// The keys of a table's leaves, `train.epochs`.
fn dotted(table: &Table) -> Vec<String> {
    let below = |(key, value): (&String, &Value)| match value {
        Value::Table(inner) if !inner.is_empty() => {
            dotted(inner).iter().map(|rest| format!("{key}.{rest}")).collect()
        }
        _ => vec![key.clone()],
    };
    table.iter().flat_map(below).collect()
}
