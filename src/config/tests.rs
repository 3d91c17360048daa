//! Reading, checking and hashing of configurations.

use super::*;
use crate::files::sha256_hex;
use crate::model::Engine;
use crate::train::CheckpointEvery;

fn parse(text: &str) -> Result<Config> {
    Config::parse(text, Path::new("my.toml"))
}

fn message(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn an_empty_file_is_the_tutorials_protocol() {
    let config = parse("").unwrap();
    assert_eq!(config, Config::default());
    assert_eq!((config.train.epochs, config.train.batch), (5, 128));
    assert_eq!((config.train.learning_rate, config.train.seed), (1e-3, 2022));
    assert_eq!(config.data.validation, 0.05);
    assert_eq!(config.loss, Loss::Contrastive(Contrastive::default()));
}

#[test]
fn the_configuration_file_of_all_settings_has_the_defaults() {
    let config = Config::default();
    let table = Table::try_from(&config).unwrap();
    let sections: Vec<&str> = table.keys().map(String::as_str).collect();
    committed::check("all-settings.toml", "", &config, &sections);
}

#[test]
fn a_resolved_configuration_round_trips() {
    for loss in Loss::all() {
        let config = Config { loss, ..Config::default() };
        assert_eq!(parse(&config.to_toml()).unwrap(), config);
    }
}

#[test]
fn a_file_needs_only_what_differs_from_the_defaults() {
    let config = parse("[train]\nepochs = 2\n[loss]\nmargin = 1.0").unwrap();
    assert_eq!(config.train.epochs, 2);
    assert_eq!(config.loss, Loss::Contrastive(Contrastive { margin: 1.0, ..Default::default() }));
    let config = parse("[loss]\nname = \"cross-entropy\"").unwrap();
    assert_eq!(config.loss.name(), "cross-entropy");
}

#[test]
fn an_unknown_key_is_refused_with_the_most_similar() {
    for (text, key, nearest) in [
        ("[train]\nepoch = 2", "train.epoch", "train.epochs"),
        ("[train]\nlr = 0.1\n", "train.lr", "train."),
        ("epochs = 2", "epochs", "train.epochs"),
        ("[trian]\nseed = 2", "trian.seed", "train.seed"),
        ("[loss]\nmargn = 2.0", "loss.margn", "loss.margin"),
    ] {
        let message = message(text);
        let start = format!("my.toml: unknown key {key}; the nearest key is {nearest}");
        assert!(message.starts_with(&start), "{message}");
    }
    // The margin is the contrastive loss's, not cross-entropy's.
    let other = message("[loss]\nname = \"cross-entropy\"\nmargin = 2.0");
    let expected = "my.toml: unknown key loss.margin; it is a setting of contrastive, triplet, ";
    assert!(other.starts_with(expected), "{other}");
}

#[test]
fn an_unknown_key_of_a_loss_is_looked_for_in_every_loss() {
    let told = message("[loss]\nname = \"contrastive\"\ntemprature = 0.1");
    let nearest = "the nearest key is loss.temperature, a setting of supcon, nt-xent, normface";
    assert!(told.ends_with(nearest), "{told}");
    let told = message("[train]\ntemprature = 0.1");
    assert!(told.ends_with(nearest), "{told}");
    let told = message("[loss]\nmargn = 2.0");
    assert!(told.contains("the nearest key is loss.margin, a setting of contrastive, "), "{told}");
}

#[test]
fn values_of_the_wrong_type_are_refused_with_their_key() {
    for (text, expected) in [
        ("[train]\nepochs = \"many\"", "train.epochs = \"many\": must be a whole number of"),
        ("[train]\nepochs = -3", "train.epochs = -3: must be a whole number of at least 0"),
        ("[train]\nlearning_rate = true", "train.learning_rate = true: must be a number"),
        ("[eval]\nrecall_at = [1, \"a\"]", "eval.recall_at = [1, \"a\"]: must be a list of"),
        ("[data]\npath = 3", "data.path = 3: must be text in quotes"),
        ("[loss]\nnormalise = 1", "loss.normalise = 1: must be true or false"),
        ("[loss]\npairs = \"al\"", "loss.pairs = \"al\": unknown variant `al`, expected"),
        ("train = 3", "train = 3: must be a section, [train]"),
        ("loss = 3", "loss = 3: must be a section, [loss]"),
        (
            "[train]\ncheckpoint_every = \"soon\"",
            "train.checkpoint_every: 'soon' is not a checkpoint interval",
        ),
        ("[train]\ndevice = \"tpu\"", "train.device: unknown device 'tpu'; use auto, cpu"),
        ("[model]\nembedding = 1.5", "model.embedding: 1.5 is neither \"auto\" nor a whole number"),
    ] {
        let message = message(text);
        assert!(message.starts_with(&format!("my.toml: {expected}")), "{message}");
    }
    assert_eq!(
        parse("[loss]\nmargin = 1\n[model]\nembedding = 3").unwrap().loss.name(),
        "contrastive"
    );
    let loss = message("[loss]\nname = \"contrast\"");
    assert!(loss.contains("contrastive, cross-entropy"), "{loss}");
    assert!(message("[train\n").contains("my.toml"));
}

#[test]
fn a_file_in_utf_16_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), b"\xff\xfe[\0t\0r\0a\0i\0n\0]\0").unwrap();
    let message = Config::read(file.path()).unwrap_err().to_string();
    assert!(message.ends_with(": is text in UTF-16; save it as UTF-8"), "{message}");
}

#[test]
fn later_defaults_rename_nothing_and_later_metrics_change_the_fingerprint() {
    let (base, engine) = (Config::default(), Engine::Fused);
    let mut without = base.clone();
    without.eval.clusters = false;
    let eval = |config: &Config| config.evaluation_fingerprint(engine);
    assert_ne!(eval(&base), eval(&without));
    // The hash of earlier versions, which computed metrics differently.
    let earlier = "fb93c28b7748e2a05cc3068c5fd6101cf7d941b2c5a896e071b7e0c7c19bcc10";
    assert_eq!(base.evaluation_settings(engine), earlier);
    assert_ne!(eval(&base), earlier);
    assert_eq!(eval(&base), "dab4816a6eafa6fe3ed525966f7b1e7ca839d348b77ce7d3e9a75e99f5bea05d");
    assert_eq!(
        base.training_fingerprint("abc", "cpu", engine).unwrap(),
        without.training_fingerprint("abc", "cpu", engine).unwrap()
    );
}

#[test]
fn a_configuration_without_a_key_that_came_later_has_its_default() {
    for loss in Loss::all() {
        let config = Config { loss, ..Config::default() };
        // A file without vote_top gives it the k of recall_at.
        for key in
            config.keys().iter().filter(|key| !["loss.name", "eval.vote_top"].contains(&&***key))
        {
            let (section, name) = key.split_once('.').unwrap();
            let mut table: Table = config.to_toml().parse().unwrap();
            table[section].as_table_mut().unwrap().remove(name).unwrap();
            assert_eq!(parse(&table.to_string()).unwrap(), config, "without {key}");
        }
    }
}

#[test]
fn default_runs_keep_the_names_of_their_folders() {
    // SHA-256 of the settings, as run folders of the first version are named after it.
    let settings = Config::default().training_settings().unwrap();
    let expected = "c288858a675ef3646db002697641ce7a2c34ba8618fa4a60db94718d7e7973fc";
    assert_eq!(sha256_hex(settings.as_bytes()), expected, "{settings}");
}

#[test]
fn only_what_determines_the_model_changes_its_fingerprint() {
    let base = Config::default();
    let engine = Engine::Fused;
    let print = |config: &Config| config.training_fingerprint("abc", "cpu", engine).unwrap();
    let mut later = base.clone();
    later.eval.knn = 5;
    later.tsne.perplexity = 10.0;
    later.data.path = "elsewhere.csv".to_owned();
    later.train.checkpoint_every = CheckpointEvery::Epoch;
    later.plots.style = crate::report::Style::Paper;
    assert_eq!(print(&base), print(&later));
    assert_ne!(base.evaluation_fingerprint(engine), later.evaluation_fingerprint(engine));
    let libtorch = base.evaluation_fingerprint(Engine::Libtorch);
    assert_ne!(base.evaluation_fingerprint(engine), libtorch);
    let mut other = base.clone();
    other.train.seed = 1;
    assert_ne!(print(&base), print(&other));
    let mut scaled = base.clone();
    scaled.data.scale = crate::data::Scale::By(16.0);
    assert_ne!(print(&base), print(&scaled));
    assert_ne!(print(&base), base.training_fingerprint("abd", "cpu", engine).unwrap());
    assert_ne!(print(&base), base.training_fingerprint("abc", "cpu", Engine::Libtorch).unwrap());
}
