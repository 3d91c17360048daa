//! Imports point down, from layer to layer, and form no circles within a layer.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::imports::{Module, Sources, without_tests};

/// The layers from top to bottom; a layer may import those below it.
const LAYERS: [&str; 23] = [
    "main",
    "commands",
    "cli",
    "page",
    "cluster",
    "experiment",
    "export",
    "run",
    "evaluation",
    "stats",
    "session",
    "config",
    "report",
    "train",
    "eval",
    "loss",
    "model",
    "data",
    "runtime",
    "random",
    "files",
    "error",
    "words",
];

fn layer_of(module: &Module) -> usize {
    let layer = &module[0];
    let position = LAYERS.iter().position(|name| name == layer);
    position.unwrap_or_else(|| panic!("the module {layer} is not in LAYERS"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .collect()
}

/// The files in `src` that belong to no test, by their path there, with their text.
fn code_files() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path.strip_prefix(&root).unwrap().to_owned(), text)
    };
    let mut files: Vec<(PathBuf, String)> = rust_files(&root).into_iter().map(read).collect();
    let tests: Vec<PathBuf> =
        files.iter().flat_map(|(path, text)| test_modules(path, text)).collect();
    files.retain(|(path, _)| !tests.iter().any(|test| path.with_extension("").starts_with(test)));
    files
}

/// The modules of tests that a file declares, as their files without ending.
fn test_modules(path: &Path, text: &str) -> Vec<PathBuf> {
    let is_root = ["mod.rs", "lib.rs", "main.rs"].iter().any(|name| path.ends_with(name));
    let folder = if is_root { path.parent().unwrap().to_owned() } else { path.with_extension("") };
    let lines: Vec<&str> = text.lines().collect();
    let declared = lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]");
    let names = declared.filter_map(|pair| pair[1].strip_suffix(';')?.rsplit_once("mod "));
    names.map(|(_, name)| folder.join(name)).collect()
}

fn sources() -> Sources {
    let mut sources = Sources::default();
    code_files().iter().for_each(|(path, text)| sources.add(path, text));
    sources
}

#[test]
fn imports_point_to_lower_layers() {
    let mut checked = 0;
    for (from, to) in sources().imports() {
        checked += 1;
        let points_down = from[0] == to[0] || layer_of(&from) < layer_of(&to);
        assert!(points_down, "{} imports {}, which is not below it", from.join("/"), to.join("/"));
    }
    assert!(checked > 1000, "only {checked} imports were found: the check itself is broken");
}

#[test]
fn files_of_tests_are_found_where_they_are_declared() {
    let text = "mod a;\n#[cfg(test)]\npub(crate) mod b;\nmod c;\n#[cfg(test)]\nmod tests {\n}\n";
    assert_eq!(test_modules(Path::new("x/mod.rs"), text), [Path::new("x/b")]);
    assert_eq!(test_modules(Path::new("x/y.rs"), text), [Path::new("x/y/b")]);
    let files: Vec<PathBuf> = code_files().into_iter().map(|(path, _)| path).collect();
    assert!(files.contains(&PathBuf::from("report/html/tables.rs")));
    assert!(!files.contains(&PathBuf::from("data/source/csv/tables.rs")));
}

#[test]
fn no_modules_import_each_other_in_a_circle() {
    let circle = circle(&sources().imports());
    assert!(circle.is_none(), "a circle: {}", circle.unwrap().join(" → "));
}

/// Modules that import each other in a circle, if any. They are what remains after repeatedly removing
/// every module that imports none of the others.
fn circle(imports: &BTreeSet<(Module, Module)>) -> Option<Vec<String>> {
    let mut left: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    for (from, to) in imports {
        left.entry(from.clone()).or_default().insert(to.clone());
    }
    loop {
        let before = left.len();
        let names: BTreeSet<Module> = left.keys().cloned().collect();
        left.retain(|_, to| to.iter().any(|module| names.contains(module)));
        if left.len() == before {
            break;
        }
    }
    let mut module = left.keys().next()?;
    let mut path = vec![module];
    loop {
        module = left[module].iter().find(|to| left.contains_key(*to)).unwrap();
        path.push(module);
        if let Some(start) = path[..path.len() - 1].iter().position(|earlier| *earlier == module) {
            return Some(path[start..].iter().map(|module| module.join("/")).collect());
        }
    }
}

#[test]
fn a_circle_is_found_through_re_exports_and_every_form_of_import() {
    let circle_in = |files: &[(&str, &str)]| {
        let mut sources = Sources::default();
        files.iter().for_each(|(path, text)| sources.add(Path::new(path), text));
        circle(&sources.imports())
    };
    let module = ("a/mod.rs", "mod b;\nmod c;\npub use b::B;\npub use c::C;\n");
    let one_way = [module, ("a/b.rs", "pub struct B;"), ("a/c.rs", "use super::B;\nstruct C;")];
    assert_eq!(circle_in(&one_way), None);
    for back in [
        "use super::{\n    C,\n};\npub struct B;",
        "use crate::a::C as D;\npub struct B;",
        "pub struct B;\nfn f() -> super::c::C { super::c::C }",
        "use super::c;\npub struct B;",
    ] {
        let files = [module, ("a/b.rs", back), one_way[2]];
        assert_eq!(circle_in(&files).unwrap(), ["a/b", "a/c", "a/b"], "{back}");
    }
    let in_tests = "#[cfg(test)]\nmod tests {\n    use super::super::C;\n}\npub struct B;";
    assert_eq!(
        circle_in(&[module, ("a/b.rs", in_tests), one_way[2]]),
        None,
        "tests may import anything"
    );
    for test in ["#[cfg(test)]\nmod tests;", "#[cfg(test)]\nmod tests {\n    fn f() {}\n}"] {
        let below = format!("{test}\nuse super::C;\npub struct B;");
        let found = circle_in(&[module, ("a/b.rs", &below), one_way[2]]);
        assert_eq!(found.unwrap(), ["a/b", "a/c", "a/b"], "imports below {test}");
    }
}

/// Files in `src` that contain a text outside their tests.
fn files_containing(text: &str) -> Vec<String> {
    let files = code_files().into_iter().filter(|(_, code)| without_tests(code).contains(text));
    let mut found: Vec<String> = files.map(|(path, _)| path.display().to_string()).collect();
    found.sort();
    found
}

#[test]
fn only_the_checked_reader_parses_json_and_tables_of_results() {
    for json in ["serde_json::from_", "serde_json::Deserializer", "serde_json::de"] {
        let found = files_containing(json);
        assert!(found.iter().all(|file| file == "files/checked.rs"), "{json} in {found:?}");
    }
    assert_eq!(
        files_containing("serde_json::from_slice"),
        ["files/checked.rs"],
        "the check itself is broken"
    );
    let of_results = |file: &String| {
        ["experiment/", "run/", "evaluation/", "train/"].iter().any(|layer| file.starts_with(layer))
            && !file.starts_with("evaluation/features/")
    };
    for table in ["csv::Reader", "csv::ReaderBuilder"] {
        let found: Vec<String> = files_containing(table).into_iter().filter(of_results).collect();
        assert!(found.is_empty(), "{table} in {found:?}");
    }
}
