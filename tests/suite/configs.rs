//! The configurations that come with the program.

use std::path::{Path, PathBuf};

use dml::config::Config;
use dml::loss::Loss;

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
fn every_loss_has_a_configuration_that_spells_out_its_defaults() {
    for loss in Loss::all() {
        let file = format!("losses/{}.toml", loss.name());
        let path = folder().join(&file);
        assert!(path.exists(), "configs/{file} is missing");
        assert_eq!(Config::read(&path).unwrap().loss, loss);
        let text = std::fs::read_to_string(&path).unwrap();
        let defaults = toml::Table::try_from(&loss).unwrap();
        for key in defaults.keys() {
            assert!(text.contains(&format!("\n{key} = ")), "configs/{file} lacks {key}");
        }
    }
}

#[test]
fn the_list_of_all_settings_equals_the_defaults() {
    let path = configs().into_iter().find(|path| path.ends_with("all-settings.toml")).unwrap();
    assert_eq!(Config::read(&path).unwrap(), Config::default());
    let text = std::fs::read_to_string(&path).unwrap();
    for line in Config::default().to_toml().lines().filter(|line| line.contains(" = ")) {
        let key = line.split(" = ").next().unwrap();
        assert!(text.contains(&format!("\n{key} = ")), "{key} is not listed");
    }
}
