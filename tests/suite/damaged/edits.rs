//! Copies of a file that are edited as by hand, truncated or corrupted.

use std::path::Path;

use serde_json::{Value, json};

/// At most `most` items, spread over the whole list.
fn sample<T>(all: Vec<T>, most: usize) -> Vec<T> {
    let every = all.len().div_ceil(most).max(1);
    all.into_iter().step_by(every).collect()
}

/// Collects the JSON pointers of a value and all values in it.
fn pointers(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                pointers(inner, &format!("{here}/{key}"), found);
            }
        }
        Value::Array(list) => {
            // The others are like the first and the last.
            for index in [0, list.len().saturating_sub(1)] {
                if let Some(inner) = list.get(index) {
                    pointers(inner, &format!("{here}/{index}"), found);
                }
            }
        }
        _ => {}
    }
}

/// A copy of a value with the one at `pointer` replaced.
fn with(original: &Value, pointer: &str, other: Value) -> Value {
    let mut changed = original.clone();
    *changed.pointer_mut(pointer).unwrap() = other;
    changed
}

/// A JSON file with each value replaced, removed or repeated, as by hand.
fn edited_json(content: &[u8]) -> Vec<Vec<u8>> {
    let original: Value = serde_json::from_slice(content).unwrap();
    let mut found = Vec::new();
    pointers(&original, "", &mut found);
    found.dedup();
    let others = [
        json!(null),
        json!([]),
        json!({}),
        json!(-1),
        json!(0),
        json!(1e300),
        json!(-0.5),
        json!(1_000_000_000_000_000_u64),
        json!(u64::MAX),
        json!("NaN"),
        json!(true),
    ];
    let mut changed = Vec::new();
    for pointer in &found {
        let here = original.pointer(pointer).unwrap();
        changed.extend(others.iter().map(|other| with(&original, pointer, other.clone())));
        if let Value::Array(list) = here {
            let (mut shorter, mut longer) = (list.clone(), list.clone());
            longer.extend(shorter.pop());
            changed.push(with(&original, pointer, Value::Array(shorter)));
            changed.push(with(&original, pointer, Value::Array(longer)));
        }
        if let Value::Object(map) = here {
            for key in map.keys() {
                let mut fewer = map.clone();
                fewer.remove(key);
                changed.push(with(&original, pointer, Value::Object(fewer)));
            }
        }
    }
    changed.iter().map(|value| value.to_string().into_bytes()).collect()
}

/// A file of lines with one of them missing, repeated, or with another value.
fn edited_lines(content: &[u8], separator: &str) -> Vec<Vec<u8>> {
    let text = String::from_utf8(content.to_vec()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let mut changed = Vec::new();
    for index in [0, 1, 2, lines.len() / 2, lines.len() - 1] {
        let Some(line) = lines.get(index) else { continue };
        let mut put = |other: Vec<&str>| {
            let all = [&lines[..index], &other, &lines[index + 1..]].concat();
            changed.push((all.join("\n") + "\n").into_bytes());
        };
        put(Vec::new());
        put(vec![line, line]);
        let cells: Vec<&str> = line.split(separator).collect();
        let values =
            ["", "NaN", "inf", "-1", "1e300", "99999999999999999999", "x", "[]", "\"", "0"];
        for cell in 0..cells.len() {
            for value in values {
                let mut other = cells.clone();
                other[cell] = value;
                put(vec![&other.join(separator)]);
            }
        }
        put(vec![&cells[1..].join(separator)]);
        put(vec![&[&cells[..], &["7"]].concat().join(separator)]);
    }
    changed
}

/// A file truncated at many lengths, with bytes that are not text, or all zeros.
fn corrupted(content: &[u8]) -> Vec<Vec<u8>> {
    let cut = |share: usize| content[..content.len() * share / 12].to_vec();
    let mut all: Vec<Vec<u8>> = (0..12).map(cut).collect();
    all.push(content[..content.len() - 1].to_vec());
    let middle = content.len() / 2;
    all.push([&content[..middle], &[0xff, 0xfe, 0], &content[middle..]].concat());
    all.push(vec![0; content.len()]);
    all
}

pub fn changes(name: &str, content: &[u8], most: usize) -> Vec<Vec<u8>> {
    let by_hand = match Path::new(name).extension().unwrap().to_str().unwrap() {
        "json" => edited_json(content),
        "toml" => edited_lines(content, "="),
        _ => edited_lines(content, ","),
    };
    [corrupted(content), sample(by_hand, most)].concat()
}
