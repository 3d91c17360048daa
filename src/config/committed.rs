//! Checks the configuration files of the repository against the defaults, which stand in the code alone.

use std::path::Path;

use super::Config;

/// Checks that `configs/FILE` has every setting of some sections at its default, or writes it where
/// `make configs` sets `DML_WRITE_CONFIGS`. Comments stay; a new file begins with `beginning`.
///
/// # Panics
/// The file is missing, or lacks a setting at its default.
pub fn check(file: &str, beginning: &str, defaults: &Config, sections: &[&str]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs").join(file);
    let text = std::fs::read_to_string(&path).ok();
    let entries = entries(defaults, sections);
    let wanted = with_entries(text.as_deref().unwrap_or(beginning), &entries);
    if std::env::var_os("DML_WRITE_CONFIGS").is_some() {
        return std::fs::write(&path, wanted).unwrap();
    }
    let text =
        text.unwrap_or_else(|| panic!("configs/{file} is missing: `make configs` writes it"));
    let lines: Vec<&str> = text.lines().collect();
    let differs = |(number, line): &(usize, &str)| lines.get(*number) != Some(line);
    if let Some((_, line)) = wanted.lines().enumerate().find(differs) {
        let entry = line.split(" #").next().unwrap_or_default().trim_end();
        panic!("configs/{file} lacks the code's `{entry}`: `make configs` writes it there");
    }
    assert_eq!(Config::read(&path).unwrap(), *defaults, "configs/{file}");
}

/// Section, key and entry (`key = value`) of each setting.
fn entries(config: &Config, sections: &[&str]) -> Vec<[String; 3]> {
    let text = toml::to_string(config).expect("settings are plain values");
    let mut section = String::new();
    let mut entries = Vec::new();
    for line in text.lines() {
        if let Some((key, _)) = line.split_once(" = ") {
            entries.push([section.clone(), key.to_owned(), line.to_owned()]);
        } else if !line.is_empty() {
            section = line.to_owned();
        }
    }
    let is_in = |heading: &str| sections.iter().any(|section| heading == format!("[{section}]"));
    entries.retain(|[heading, ..]| is_in(heading));
    entries
}

/// A configuration with these entries, each in place of the one with its key or at the end of its
/// section; comments stay.
fn with_entries(text: &str, entries: &[[String; 3]]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for [heading, key, entry] in entries {
        let start = match lines.iter().position(|line| line == heading) {
            Some(at) => at + 1,
            None => {
                lines.extend([String::new(), heading.clone()]);
                lines.len()
            }
        };
        let is_heading = |line: &String| line.starts_with('[');
        let end = lines[start..].iter().position(is_heading).map_or(lines.len(), |n| start + n);
        let known = |line: &String| line.starts_with(&format!("{key} = "));
        match lines[start..end].iter().position(known) {
            Some(at) => {
                let line = &lines[start + at];
                let (before, comment) = line.split_at(line.find(" #").unwrap_or(line.len()));
                let width = if comment.is_empty() { 0 } else { before.chars().count() };
                lines[start + at] = format!("{entry:<width$}{comment}");
            }
            None => {
                let filled = lines[start..end].iter().rposition(|line| !line.is_empty());
                lines.insert(start + filled.map_or(0, |at| at + 1), entry.clone());
            }
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn entries_replace_those_of_their_keys_and_leave_comments_alone() {
    let entry = |section: &str, entry: &str| {
        let key = entry.split(" = ").next().unwrap();
        [format!("[{section}]"), key.to_owned(), entry.to_owned()]
    };
    let text = "# Mine.\n\n[loss]\nname = \"a\"\nmargin = 1    # wide\n\n[train]\nseed = 1\n";
    let entries = [
        entry("loss", "margin = 12.5"),
        entry("loss", "power = 2"),
        entry("train", "seed = 7"),
        entry("plots", "style = \"screen\""),
    ];
    let wanted = "# Mine.\n\n[loss]\nname = \"a\"\nmargin = 12.5 # wide\npower = 2\n\n[train]\nseed = 7\n\n\
                  [plots]\nstyle = \"screen\"\n";
    assert_eq!(with_entries(text, &entries), wanted);
}
