//! Configurations: an accepted one is written and reads back as itself.
#![no_main]

use std::path::Path;

use dml::config::Config;
use dml_fuzz::bounded;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let path = Path::new("fuzzed.toml");
    let Ok(config) = bounded(input.len(), || Config::parse(text, path)) else { return };
    if config.check().is_ok() {
        let written = config.to_toml();
        let back = Config::parse(&written, path).expect("a resolved configuration is read");
        assert_eq!(back, config, "{written}");
    }
});
