//! Names of folders that may never change, and new settings, which change none.

use super::super::*;
use super::*;
use crate::files::sha256_hex;
use crate::model::Engine;

/// Settings, and twelve digits of the hashes of a training's and of an evaluation's with which earlier
/// versions named folders.
#[rustfmt::skip]
const PINNED: &[(&str, &str, &str)] = &[
    ("", "c288858a675e", "fb93c28b7748"),
    ("loss.name=cross-entropy", "8302e785fe82", "fb93c28b7748"),
    ("loss.name=triplet", "5bf8a74f1f13", "fb93c28b7748"),
    ("loss.name=n-pair", "1b52c716a119", "fb93c28b7748"),
    ("loss.name=lifted", "b4c564b40b52", "fb93c28b7748"),
    ("loss.name=multi-similarity", "30bb995c3c46", "fb93c28b7748"),
    ("loss.name=margin", "671f02d234ad", "fb93c28b7748"),
    ("loss.name=supcon", "6dd4221b5d02", "fb93c28b7748"),
    ("loss.name=nt-xent", "e6b7afa2c7ff", "fb93c28b7748"),
    ("loss.name=proxy-nca", "90973dfb3508", "fb93c28b7748"),
    ("loss.name=proxy-anchor", "05efd6f52577", "fb93c28b7748"),
    ("loss.name=normface", "27f04f234755", "fb93c28b7748"),
    ("loss.name=cosface", "d76111e1ca9e", "fb93c28b7748"),
    ("loss.name=arcface", "57d9918a62d0", "fb93c28b7748"),
    ("loss.name=center", "bf129b158b44", "fb93c28b7748"),
    ("loss.name=spce", "95e4bf087772", "fb93c28b7748"),
    ("loss.name=pce", "0ba4a6770c75", "fb93c28b7748"),
    ("loss.margin=0.5 loss.normalise=true", "342de9771c32", "fb93c28b7748"),
    ("loss.name=cross-entropy loss.label_smoothing=0.1", "7c183b95f1f6", "fb93c28b7748"),
    ("loss.name=margin loss.learn_beta=false loss.beta=1e-7", "aebbfd747dc3", "fb93c28b7748"),
    ("loss.name=triplet train.images_per_class=4", "24be5617ea1c", "fb93c28b7748"),
    ("loss.name=cross-entropy train.images_per_class=4", "8302e785fe82", "fb93c28b7748"),
    ("train.seed=7 train.epochs=2 train.batch=64", "274f8142cc23", "fb93c28b7748"),
    ("train.schedule=cosine train.weight_decay=0.05 train.learning_rate=1e-5", "270070b1c6be", "fb93c28b7748"),
    ("train.steps=10 train.checkpoint_every=epoch", "0b46a7ea309c", "fb93c28b7748"),
    ("train.device=cpu train.engine=libtorch", "c288858a675e", "fb93c28b7748"),
    ("model.embedding=32", "c721c2e8e31a", "fb93c28b7748"),
    ("data.path=other.csv data.label=species", "9bd456cb926b", "fb93c28b7748"),
    ("data.label='a\"b'", "2128bbd94b34", "fb93c28b7748"),
    ("data.drop=id", "952e4374bf19", "fb93c28b7748"),
    ("data.scale=16", "7facc3583155", "fb93c28b7748"),
    ("data.drop=id data.scale=0.5 data.header=no data.names=labels", "19aaa8bc1a7e", "fb93c28b7748"),
    ("data.train_size=300 data.validation=0.3", "8b4e4639a481", "fb93c28b7748"),
    ("data.unseen_classes=5-9", "a8736ab47476", "fb93c28b7748"),
    ("eval.knn=5 eval.model=best", "c288858a675e", "1f215ab185ab"),
    ("eval.clusters=false", "c288858a675e", "9437585c91a2"),
    ("eval.recall_at=[1,100]", "c288858a675e", "b79a2d1f00ed"),
    ("eval.vote_top=[3] eval.voters=4", "c288858a675e", "ed3a9d169c86"),
    ("eval.recall_at=[2] eval.vote_top=[1,2] eval.clusters=false", "c288858a675e", "cbe9c479b29d"),
    ("tsne.of=both tsne.perplexity=5", "c288858a675e", "836bc98ad09d"),
    ("tsne.engine=linfa tsne.iterations=2000 tsne.theta=0", "c288858a675e", "0989400623c9"),
    ("plots.style=paper", "c288858a675e", "fb93c28b7748"),
];

fn digits(settings: &str) -> [String; 2] {
    let settings = settings.split_whitespace().map(|text| Setting::read(text).unwrap());
    let (name, others): (Vec<_>, Vec<_>) = settings.partition(|setting| setting.key == "loss.name");
    let mut config = Config::default();
    if let Some(name) = name.first() {
        config.loss = Loss::by_name(&name.shown()).unwrap();
    }
    let config = config.with(&others).unwrap();
    let training = sha256_hex(config.training_settings().unwrap().as_bytes());
    [training, config.evaluation_settings(Engine::Fused)].map(|hash| hash[..12].to_owned())
}

#[test]
fn folders_of_earlier_versions_keep_their_names() {
    for (settings, training, evaluation) in PINNED {
        assert_eq!(digits(settings), [*training, *evaluation], "{settings}");
    }
}

#[test]
fn default_runs_on_fashion_mnist_keep_their_names() {
    let csv = "9b4c3051424ce1d78ff509d54017e2673b27260ea874c5ae9b364c0c1dc8a1b1";
    for (loss, digits) in [("contrastive", "8b07f214efe2"), ("cross-entropy", "9dfd53fdb14d")] {
        let config = Config { loss: Loss::by_name(loss).unwrap(), ..Config::default() };
        let hash = config.training_fingerprint(csv, "cpu", Engine::Fused).unwrap();
        assert_eq!(hash[..12], *digits, "{loss}");
    }
}

#[test]
fn the_frozen_lists_hold_settings_that_exist() {
    for loss in Loss::all() {
        let hashed = Hashed::of(&Config { loss, ..Config::default() });
        for (section, _) in FIRST {
            for word in hashed.first_keys(section) {
                let word = word.trim_end_matches('?');
                let key = word.split_once('=').map_or(word, |(now, _)| now);
                assert!(
                    hashed.values[section].get(key).is_some(),
                    "{section}.{key} is gone: write its new name before the old, NEW={key}"
                );
            }
        }
    }
    let names: Vec<&str> = Loss::all().iter().map(Loss::name).collect();
    for (loss, _) in FIRST_OF_LOSSES {
        assert!(names.contains(&loss), "{loss} is gone, and with it the runs of earlier versions");
    }
}

/// The defaults, with a setting that does not exist yet.
fn with(section: &str, key: &str, value: impl Into<Value>, default: impl Into<Value>) -> Hashed {
    let mut hashed = Hashed::of(&Config::default());
    for (table, value) in
        [(&mut hashed.values, value.into()), (&mut hashed.defaults, default.into())]
    {
        let section = table.entry(section).or_insert_with(|| Table::new().into());
        section.as_table_mut().unwrap().insert(key.to_owned(), value);
    }
    hashed
}

#[test]
fn a_new_setting_is_hashed_only_where_it_differs_from_its_default() {
    let today = Hashed::of(&Config::default());
    // In a section, in front of all others; of the loss; in a new section.
    for (section, key) in [("train", "a_first"), ("loss", "power"), ("augment", "flip")] {
        assert_eq!(with(section, key, 0.5, 0.5).text(), today.text(), "{section}.{key}");
        let other = with(section, key, 0.25, 0.5).text();
        let line = format!("{key} = 0.25\n");
        assert!(other.contains(&line), "{other}");
        let heading = if section == "augment" { "\n[augment]\n" } else { "" };
        assert_eq!(other.replacen(&format!("{heading}{line}"), "", 1), today.text());
    }
    assert_eq!(with("eval", "strict", true, true).section("eval"), today.section("eval"));
    let strict = with("eval", "strict", false, true).section("eval");
    assert_eq!(strict, today.section("eval") + "strict = false\n");
}

#[test]
fn of_a_new_loss_the_name_is_hashed_and_what_differs_from_the_defaults() {
    let mut hashed = with("loss", "gamma", 80.0, 256.0);
    for table in [&mut hashed.values, &mut hashed.defaults] {
        let loss = table["loss"].as_table_mut().unwrap();
        loss.insert("name".to_owned(), "brand-new".into());
    }
    let text = hashed.text();
    assert!(text.contains("\n[loss]\nname = \"brand-new\"\ngamma = 80.0\n\n[train]"), "{text}");
}

#[test]
fn renamed_settings_are_hashed_under_their_first_names() {
    let eval = Hashed::of(&Config::default()).section("eval");
    let lists = "recall_at = [1, 2, 3, 4, 5]\nrecall_voters = 10\nhits_at = [1, 2, 4, 8]\n";
    assert!(eval.contains(lists), "{eval}");
}
