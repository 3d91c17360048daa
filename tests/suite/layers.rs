//! Imports point down only.

use std::fs;
use std::path::{Path, PathBuf};

/// The floors from top to bottom; modules of one line may not know each other.
const FLOORS: [&[&str]; 15] = [
    &["commands"],
    &["cli"],
    &["experiment"],
    &["config"],
    &["report"],
    &["train"],
    &["eval"],
    &["loss"],
    &["model"],
    &["data"],
    &["runtime"],
    &["random"],
    &["files"],
    &["error"],
    &["words"],
];

fn floor_of(module: &str) -> usize {
    FLOORS
        .iter()
        .position(|floor| floor.contains(&module))
        .unwrap_or_else(|| panic!("the module {module} has no floor yet"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .collect()
}

/// Modules of this crate that a text names as `crate::MODULE`.
fn imports(text: &str) -> Vec<&str> {
    text.split("crate::")
        .skip(1)
        .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap())
        .filter(|name| name.chars().next().is_some_and(char::is_lowercase))
        .collect()
}

#[test]
fn imports_point_down_only() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut checked = 0;
    for path in rust_files(&source) {
        let inside = path.strip_prefix(&source).unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        let module = first.trim_end_matches(".rs").to_owned();
        if module == "main" || module == "lib" {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        // Tests stand at the end of a file and may look anywhere.
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        for import in imports(text) {
            checked += 1;
            let points_down = module == import || floor_of(&module) < floor_of(import);
            assert!(points_down, "{} imports {import}, which is not below it", path.display());
        }
    }
    assert!(checked > 100, "only {checked} imports were seen: the check itself is broken");
}

#[test]
fn an_import_is_seen_wherever_it_stands() {
    assert_eq!(
        imports("use crate::data::Dataset;\nfn f() -> crate::error::Result<()>"),
        ["data", "error"]
    );
}

/// Files below `src` that hold a text outside their tests.
fn holding(text: &str) -> Vec<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    // Reference values of tests lie in files of these names, too.
    let names = ["tests.rs", "reference.rs", "tutorial_reference.rs", "tables.rs"];
    let is_test = |path: &PathBuf| names.iter().any(|name| path.ends_with(name));
    let mut found = Vec::new();
    for path in rust_files(&source).into_iter().filter(|path| !is_test(path)) {
        let content = fs::read_to_string(&path).unwrap();
        let inside = path.strip_prefix(&source).unwrap().display().to_string();
        let code = content.split("mod tests {").next().unwrap();
        if code.contains(text) {
            found.push(inside);
        }
    }
    found.sort();
    found
}

#[test]
fn json_and_tables_of_results_are_read_in_one_place_which_checks_them() {
    for json in ["serde_json::from_", "serde_json::Deserializer", "serde_json::de"] {
        let found = holding(json);
        assert!(found.iter().all(|file| file == "files/checked.rs"), "{json} in {found:?}");
    }
    assert_eq!(
        holding("serde_json::from_slice"),
        ["files/checked.rs"],
        "the check itself is broken"
    );
    let of_results = |file: &String| {
        (file.starts_with("experiment/") && !file.starts_with("experiment/features/"))
            || file.starts_with("train/")
    };
    for table in ["csv::Reader", "csv::ReaderBuilder"] {
        let found: Vec<String> = holding(table).into_iter().filter(of_results).collect();
        assert!(found.is_empty(), "{table} in {found:?}");
    }
}
