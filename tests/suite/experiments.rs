//! Experiments as a user runs them: comparisons, sweeps, searches, the bound, and the list of runs.

use crate::user::{User, assert_picture};

/// Settings for a few hundred images.
const SMALL: &str = "[data]\npath = \"small.csv\"\nnames = \"fashion-mnist\"\n[train]\nepochs = 2\n\
                     batch = 64\n[tsne]\nperplexity = 8.0\niterations = 60\n";

fn user() -> User {
    let user = User::with_images(60);
    user.writes("small.toml", SMALL);
    user
}

/// The only folder in `runs` with this prefix.
fn folder(user: &User, start: &str) -> String {
    user.run_folder("runs", start)
}

#[test]
fn a_dry_run_prints_runs_and_time_and_writes_nothing() {
    let user = user();
    for command in [
        &["compare", "--losses", "contrastive,supcon", "--seeds", "1,2"][..],
        &["sweep", "--train-size", "50,500"],
        &["tune", "--loss", "triplet", "--trials", "6"],
    ] {
        let args = [command, &["--config", "small.toml", "--dry-run"]].concat();
        let (out, err) = user.succeeds(&args);
        assert!(out.starts_with("plan: ") && out.contains(" in all, measured over a few"), "{out}");
        assert!(err.contains("engine: "), "{err}");
        assert!(!user.path("runs").exists(), "{command:?}");
    }
    let (out, _) =
        user.succeeds(&["sweep", "--train-size", "50,500", "--config", "small.toml", "--dry-run"]);
    assert!(out.starts_with("plan: 12 runs; "), "{out}");
}

#[test]
fn losses_with_their_own_settings_are_compared_and_evaluated_on_test_images() {
    let user = user();
    user.writes("mine.toml", "[loss]\nname = \"contrastive\"\nmargin = 1.0\n[train]\nepochs = 1\n");
    user.succeeds(&["data", "sample", "small.csv", "--per-class", "9", "--out", "test.csv"]);
    let args = [
        "compare",
        "--config",
        "small.toml",
        "--losses",
        "contrastive,mine.toml,cross-entropy",
        "--seeds",
        "1,2,3",
        "--test",
        "test.csv",
    ];
    let (out, _) = user.succeeds(&args);
    assert!(out.contains("contrastive (mine)"), "{out}");
    assert!(out.contains("p (Holm)") && out.contains("P(1st)"), "{out}");
    assert!(out.replace('\n', " ").contains("The training budgets differ"), "{out}");
    let words = out.replace('\n', " ");
    let (validation, test) = words.split_once("On 90 test images of test.csv").unwrap();
    assert!(validation.contains("Measured on 570 training and 30 validation images"), "{out}");
    assert!(test.contains("used for no choice") && test.contains("macro F1"), "{out}");
    // The test images were sampled from the training file.
    assert!(test.contains("90 of 90 test images are also in small.csv"), "{out}");
    let compared = folder(&user, "compare-contrastive-vs-contrastive-mine-vs-cross-entropy-");
    let json = user.reads_text(&format!("{compared}/comparison.json"));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["test"]["summary"]["losses"].as_array().unwrap().len(), 3);
    let standings = user.reads_text(&format!("{compared}/standings_test.csv"));
    assert_eq!(standings.lines().count(), 4, "{standings}");
    assert!(user.reads_text(&format!("{compared}/table.md")).contains("On 90 test images of"));
    // Run again, nothing is trained or tested.
    let (again, err) = user.succeeds(&args);
    assert_eq!(again, out);
    assert!(err.contains("9 of them finished") && !err.contains("epoch 1/"), "{err}");
    // Another metric and no test images: a new folder, the first is kept.
    let plain = [&args[..args.len() - 2], &["--metric", "map@r"]].concat();
    let (other, _) = user.succeeds(&plain);
    assert!(other.contains("mean MAP@R") && !other.contains(&compared), "{other}");
    assert!(user.reads_text(&format!("{compared}/comparison.json")).contains("\"test\""));
}

#[test]
fn a_diverged_run_leaves_a_gap_in_a_sweep() {
    let user = user();
    let args = ["sweep", "--config", "small.toml", "--losses", "contrastive", "--seeds", "1,2"];
    let rates = ["--set", "train.learning_rate=1e-3,1e30"];
    let (out, _) = user.succeeds(&[&args[..], &rates].concat());
    assert!(out.contains("diverged in 2 of 2"), "{out}");
    let words = out.replace('\n', " ");
    assert!(words.contains("contrastive diverged at train.learning_rate 1e30"), "{out}");
    let sweep = folder(&user, "sweep-train-learning-rate-");
    assert_eq!(user.reads_text(&format!("{sweep}/runs.csv")).lines().count(), 3);
    assert_picture(&user.path(&format!("{sweep}/plots/sweep.png")));
}

#[test]
fn test_images_without_unseen_classes_are_an_error_before_training() {
    let user = user();
    // A file of test images without any of the unseen classes.
    let csv = user.reads_text("small.csv");
    let seen =
        |line: &&str| line.split(',').next().is_some_and(|label| label != "9" && label != "8");
    let low: Vec<&str> = csv.lines().filter(seen).collect();
    user.writes("low.csv", &(low.join("\n") + "\n"));
    let args =
        ["compare", "--config", "small.toml", "--unseen-classes", "8-9", "--test", "low.csv"];
    let message = user.fails(1, &args);
    assert!(message.contains("low.csv: has 0 images of the unseen classes"), "{message}");
    assert!(!user.path("runs").exists());
}

#[test]
fn a_run_with_unseen_classes_is_evaluated_on_those_alone() {
    let user = user();
    let args = ["--config", "small.toml", "--unseen-classes", "1-4,T-shirt/top"];
    let (out, _) = user.succeeds(
        &[&["compare", "--losses", "cross-entropy,proxy-nca", "--seeds", "1,2"][..], &args]
            .concat(),
    );
    assert!(out.contains("300 images of unseen classes") && out.contains("Recall@1, %"), "{out}");
    assert!(out.contains("mean MAP@R") && !out.contains("1-NN accuracy"), "{out}");
    let run = folder(&user, "proxy-nca-seed1-");
    let record: serde_json::Value =
        serde_json::from_slice(&user.reads(&format!("{run}/run.json"))).unwrap();
    let counts =
        ["train", "validation", "unseen"].map(|part| record["data"][part].as_u64().unwrap());
    assert_eq!((counts[0] + counts[1], counts[2]), (300, 300));
    let metrics: serde_json::Value =
        serde_json::from_slice(&user.reads(&format!("{run}/metrics.json"))).unwrap();
    assert_eq!((&metrics["images"], &metrics["queries"]), (&"unseen classes".into(), &300.into()));
    assert_eq!(metrics["references"], 299, "each against all others");
    let classes = metrics["knn"]["per_class"].as_array().unwrap();
    assert!(classes.iter().all(|class| class["class"].as_u64().unwrap() < 5), "{classes:?}");
    let map = user.reads_text(&format!("{run}/tsne.csv"));
    assert!(map.lines().skip(1).all(|line| line.split(',').nth(1).unwrap() < "5"), "{map}");
    assert_picture(&user.path(&format!("{run}/plots/retrieval.png")));
}

#[test]
fn a_sweep_plots_each_loss_over_the_sizes_and_reuses_the_runs_of_a_comparison() {
    let user = user();
    user.succeeds(&["compare", "--config", "small.toml", "--seeds", "1,2"]);
    let args = ["sweep", "--config", "small.toml", "--train-size", "570,30,100", "--seeds", "1,2"];
    let (out, err) = user.succeeds(&args);
    assert!(err.contains("plan: 12 runs, 4 of them finished"), "{err}");
    assert!(out.replace('\n', " ").contains("equally many steps at every size"), "{out}");
    let sweep = folder(&user, "sweep-data-train-size-");
    let table = user.reads_text(&format!("{sweep}/table.csv"));
    let sizes: Vec<&str> =
        table.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(sizes, ["30", "100", "570"]);
    assert_eq!(user.reads_text(&format!("{sweep}/runs.csv")).lines().count(), 13);
    assert_picture(&user.path(&format!("{sweep}/plots/sweep.png")));
    let (grid, _) = user.succeeds(&[
        "sweep",
        "--config",
        "small.toml",
        "--losses",
        "supcon",
        "--set",
        "loss.temperature=0.1,0.5",
        "--set",
        "train.schedule=constant,cosine",
        "--seeds",
        "1",
        "--epochs",
        "1",
    ]);
    assert!(
        grid.contains("supcon, schedule cosine") && grid.contains("loss.temperature"),
        "{grid}"
    );
    let wrong = user.fails(1, &["sweep", "--config", "small.toml", "--set", "loss.margin=1,2"]);
    assert!(
        wrong.contains("cross-entropy has no loss.margin: sweep only losses that have it"),
        "{wrong}"
    );
}

#[test]
fn a_search_gives_the_same_on_one_core_and_continues_with_more_trials() {
    let user = user();
    let args = |jobs: &'static str, trials: &'static str, runs: &'static str| {
        [
            "tune",
            "--loss",
            "contrastive",
            "--config",
            "small.toml",
            "--jobs",
            jobs,
            "--trials",
            trials,
            "--runs",
            runs,
        ]
    };
    user.succeeds(&args("2", "7", "two"));
    let (out, err) = user.succeeds(&args("2", "10", "two"));
    assert!(err.contains("plan: 10 runs, 7 of them finished"), "{err}");
    assert!(out.contains("10 trials of at most 2 epochs"), "{out}");
    let fewer = user.fails(1, &args("2", "9", "two"));
    assert!(fewer.contains("--trials = 9: ") && fewer.contains("already has 10 trials"), "{fewer}");
    assert!(out.contains("best.toml --seeds 1-5 --config small.toml --runs two\n"), "{out}");
    user.succeeds(&args("1", "10", "one"));
    let [one, two] = ["one", "two"].map(|runs| user.run_folder(runs, "tune-contrastive-"));
    let trials = |folder: &str| user.reads_text(&format!("{folder}/trials.csv"));
    assert_eq!(trials(&one), trials(&two));
    assert_eq!(trials(&one).lines().count(), 11);
    assert_picture(&user.path(&format!("{one}/plots/trials.png")));
    let best = format!("{one}/best.toml");
    assert!(user.reads_text(&best).starts_with("# Best of 10 trials: 1-NN accuracy "));
    let (out, err) = user.succeeds(&[
        "compare",
        "--config",
        "small.toml",
        "--losses",
        &format!("contrastive,{best}"),
        "--seeds",
        "5,2022",
    ]);
    assert!(out.contains("contrastive (tuned)"), "{out}");
    let chosen = "contrastive (tuned) was tuned on the validation images of seed 2022";
    assert!(out.split_whitespace().collect::<Vec<_>>().join(" ").contains(chosen), "{out}");
    assert!(
        err.contains("contrastive (tuned) was tuned on the validation images of seed 2022"),
        "{err}"
    );
    // --force removes the earlier search.
    let forced = [&args("2", "2", "two")[..], &["--force"]].concat();
    let (out, _) = user.succeeds(&forced);
    assert!(out.contains("2 trials of at most 2 epochs"), "{out}");
    assert!(!user.path(&format!("{two}/trial-003")).exists());
    user.succeeds(&args("2", "2", "two"));
}

#[test]
fn waiting_trials_do_not_hold_the_only_core() {
    let user = user();
    let args = ["tune", "--loss", "cross-entropy", "--config", "small.toml", "--epochs", "1"];
    let (out, _) =
        user.succeeds(&[&args[..], &["--trials", "9", "--jobs", "4", "--cores", "1"]].concat());
    assert!(out.contains("cross-entropy: 9 trials of at most 1 epoch "), "{out}");
}

#[test]
fn two_tuned_configurations_of_one_loss_are_named_after_their_folders() {
    let user = user();
    for (folder, margin) in [("a", "1.0"), ("b", "2.0")] {
        std::fs::create_dir(user.path(folder)).unwrap();
        let text = format!("[loss]\nname = \"contrastive\"\nmargin = {margin}\n");
        user.writes(&format!("{folder}/best.toml"), &text);
    }
    let args = ["compare", "--config", "small.toml", "--losses", "a/best.toml,b/best.toml"];
    let (out, _) = user.succeeds(&[&args[..], &["--seeds", "1", "--epochs", "1"]].concat());
    assert!(
        out.contains("contrastive (tuned, a)") && out.contains("contrastive (tuned, b)"),
        "{out}"
    );
}

#[test]
fn cross_entropy_stays_above_its_pairwise_bound_during_training() {
    let user = user();
    let (out, _) = user.succeeds(&["bound", "--config", "small.toml", "--points", "6"]);
    let words = out.replace('\n', " ");
    assert!(words.contains("Cross-entropy was above the pairwise bound at 7 of 7 steps"), "{out}");
    let run = folder(&user, "bound-6-cross-entropy-seed2022-");
    assert_picture(&user.path(&format!("{run}/plots/bound.png")));
    let (again, _) = user.succeeds(&["bound", "--config", "small.toml", "--points", "6"]);
    assert_eq!(again, out);
    let spce =
        user.succeeds(&["bound", "--config", "small.toml", "--loss", "spce", "--epochs", "1"]);
    assert!(spce.0.replace('\n', " ").contains("while spce was minimised"), "{}", spce.0);
    // The classes trained on need not be the first ones.
    let unseen = ["bound", "--config", "small.toml", "--unseen-classes", "0-4", "--epochs", "5"];
    let (unseen, _) = user.succeeds(&unseen);
    assert!(unseen.replace('\n', " ").contains("cross-entropy fell from 2."), "{unseen}");
    // An incomplete trace is an error.
    std::fs::remove_file(user.path(&format!("{run}/bound.csv"))).unwrap();
    let message = user.fails(1, &["bound", "--config", "small.toml", "--points", "6"]);
    assert!(message.contains("bound.csv: ends before the last step of training, "), "{message}");
}

#[test]
fn runs_are_listed_compared_and_removed() {
    let user = user();
    for (name, epochs) in [("short", "1"), ("long", "2")] {
        user.succeeds(&["train", "--config", "small.toml", "--epochs", epochs, "--name", name]);
    }
    let (out, _) = user.succeeds(&["runs"]);
    assert!(out.contains("short") && out.contains("long") && out.contains("570"), "{out}");
    let (out, _) = user.succeeds(&["runs", "--where", "train.epochs=1", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["name"]), (1, &"short".into()));
    let wrong = user.fails(1, &["runs", "--where", "train.epoch=1"]);
    assert!(wrong.contains("--where: unknown key train.epoch; the nearest key is"), "{wrong}");
    let (out, _) = user.succeeds(&["runs", "diff", "short", "long"]);
    assert!(out.contains("train.epochs") && !out.contains("train.batch"), "{out}");
    user.succeeds(&["runs", "remove", "short", "--dry-run"]);
    assert!(user.path("runs/short").exists());
    assert!(
        user.fails(1, &["runs", "remove", "long", "nothing"])
            .contains("nothing: does not exist; dml runs lists")
    );
    assert!(
        user.path("runs/long").exists(),
        "all names are checked before the first run is removed"
    );
    let itself = user.fails(1, &["runs", "diff", "short", "runs/short"]);
    assert!(itself.contains("is compared with itself"), "{itself}");
    let nearest = user.fails(1, &["runs", "--loss", "contrastiv"]);
    assert!(nearest.contains("did you mean contrastive?"), "{nearest}");
    user.succeeds(&["runs", "remove", "short", "runs/long", "long"]);
    let (out, err) = user.succeeds(&["runs"]);
    assert!(out.is_empty() && err.contains("holds no runs: make one with dml train"), "{err}");
}
