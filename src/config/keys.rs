//! Checks the keys and values of a file against the defaults.

use std::path::Path;

use toml::{Table, Value};

use crate::error::{Fault, Result};
use crate::loss::Loss;
use crate::words::cut;

/// Keys that take text or a number; their own types validate them.
const TEXT_OR_NUMBER: [&str; 5] =
    ["model.embedding", "data.scale", "data.train_size", "train.steps", "data.size"];

/// Refuses keys that are not among the defaults.
///
/// # Errors
/// The first such key, with the most similar known one; of a loss's settings, those of every loss are
/// looked through, and the losses that have it are named.
pub fn refuse_unknown(table: &Table, known: &Table, path: &Path) -> Result<()> {
    let known = dotted(known);
    let sections: Vec<&str> = known.iter().filter_map(|key| key.split('.').next()).collect();
    for key in dotted(table) {
        let is_section = sections.contains(&key.as_str());
        if is_section || known.contains(&key) {
            continue;
        }
        let fault = Fault::new(path, format!("unknown key {}", cut(&key, 100)));
        return Err(fault.remedy(nearest(&key, known)).into());
    }
    Ok(())
}

/// The known key that is most similar to an unknown one, in a sentence.
fn nearest(key: &str, known: Vec<String>) -> String {
    let of_losses = keys_of_losses();
    let all = known.into_iter().chain(of_losses.iter().map(|(key, _)| key.clone()));
    let nearest = all
        .map(|candidate| (similarity(key, &candidate), candidate))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or(String::new(), |(_, candidate)| candidate);
    let losses: Vec<&str> =
        of_losses.iter().filter(|(of, _)| *of == nearest).map(|(_, loss)| *loss).collect();
    match losses.as_slice() {
        [] => format!("the nearest key is {nearest}"),
        losses if nearest == key => format!("it is a setting of {} alone", losses.join(", ")),
        losses => format!("the nearest key is {nearest}, a setting of {}", losses.join(", ")),
    }
}

/// The keys of every loss, each with the name of a loss that has it.
fn keys_of_losses() -> Vec<(String, &'static str)> {
    let keys = |loss: Loss| {
        let settings = Table::try_from(&loss).expect("settings are plain values");
        let keys = settings.into_iter().map(|(key, _)| key).filter(|key| key != "name");
        keys.map(|key| (format!("loss.{key}"), loss.name())).collect::<Vec<_>>()
    };
    Loss::all().into_iter().flat_map(keys).collect()
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
