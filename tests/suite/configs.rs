//! The configurations that come with the program.

use std::path::{Path, PathBuf};

use dml::config::Config;
use dml::model::{NETWORKS, NetworkKind};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("configs")
}

fn configs() -> Vec<PathBuf> {
    let files = [folder(), folder().join("losses")].map(|folder| {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file())
    });
    files.into_iter().flatten().collect()
}

#[test]
fn every_configuration_parses_and_passes_its_checks() {
    for path in configs() {
        let config = Config::read(&path).unwrap_or_else(|e| panic!("{e}"));
        config.check().unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }
}

#[test]
fn every_network_is_described() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/networks-and-engines.md");
    let text = std::fs::read_to_string(docs).unwrap();
    for NetworkKind { name, .. } in NETWORKS {
        assert!(text.contains(&format!("\n- `{name}`: ")), "{name} is not described");
    }
}
