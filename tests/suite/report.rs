//! The HTML report of each kind of result folder.

use std::fs;

use crate::user::User;

/// Settings for a few hundred images.
const SMALL: &str = "[data]\npath = \"small.csv\"\nnames = \"fashion-mnist\"\n[train]\nepochs = 1\n\
                     [tsne]\nperplexity = 8.0\niterations = 50\n";

fn user() -> User {
    let user = User::with_images(60);
    user.writes("small.toml", SMALL);
    user
}

/// The report in a folder, which must be complete and load nothing from elsewhere.
fn page(user: &User, folder: &str) -> String {
    let text = user.reads_text(&format!("{folder}/report.html"));
    assert!(text.starts_with("<!DOCTYPE html>") && text.ends_with("</html>"));
    assert!(!text.contains("http://") && !text.contains("https://"));
    text
}

#[test]
fn the_report_of_a_comparison_can_be_written_again_after_a_move() {
    let user = user();
    let args = ["compare", "--config", "small.toml", "--seeds", "1,2"];
    let (out, _) = user.succeeds(&args);
    let folder = user.run_folder("runs", "compare-");
    assert!(out.contains(&format!("report     {folder}/report.html")), "{out}");
    let text = page(&user, &folder);
    assert!(text.contains("contrastive against cross-entropy") && text.contains("T-shirt/top"));
    assert!(text.contains("Confusion between classes, seed 1"));
    assert!(text.contains("dml compare --config small.toml --seeds 1,2"), "how to reproduce it");
    assert_eq!(text.matches("<figure class=\"map\">").count(), 2);
    assert_eq!(text.matches("id=\"images-").count(), 1, "both maps show the same images");
    // Moved together with its runs, it gives the same bytes.
    fs::rename(user.path("runs"), user.path("moved")).unwrap();
    let moved = folder.replace("runs/", "moved/");
    fs::remove_file(user.path(&format!("{moved}/report.html"))).unwrap();
    user.succeeds(&["report", &moved]);
    assert!(page(&user, &moved) == text, "the new page differs");
    // From within the folder, and without the command line, which earlier versions did not record.
    let json = user.reads_text(&format!("{moved}/comparison.json"));
    let command = json.lines().find(|line| line.contains("\"command\"")).unwrap();
    user.writes(&format!("{moved}/comparison.json"), json.replace(command, ""));
    let mut within = user.dml(&["report", ".", "--data", "../../small.csv"]);
    let output = within.current_dir(user.path(&moved)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Metrics of another evaluation are not mixed with these.
    let run = user.run_folder("moved", "contrastive-seed1-");
    user.succeeds(&["eval", "--run", &run, "--knn", "5"]);
    let message = user.fails(1, &["report", &moved]);
    assert!(
        message.contains("evaluated with other settings since; run the same dml compare again"),
        "{message}"
    );
}

#[test]
fn without_its_images_the_report_of_a_run_has_none_and_a_warning_says_why() {
    let user = user();
    user.succeeds(&["train", "--config", "small.toml", "--loss", "supcon", "--name", "mine"]);
    let message = user.fails(1, &["report", "runs/mine"]);
    assert!(message.ends_with("is not evaluated yet; run dml eval --run runs/mine"), "{message}");
    user.succeeds(&["eval"]);
    user.succeeds(&["report"]);
    let complete = page(&user, "runs/mine");
    assert!(complete.contains("class=\"retrieved\"") && complete.contains("id=\"images-0\""));
    fs::rename(user.path("small.csv"), user.path("elsewhere.csv")).unwrap();
    let (_, err) = user.succeeds(&["report", "runs/mine"]);
    let moved =
        "no images in the report: small.csv: the file that the run was trained on no longer exists";
    assert!(err.contains(moved) && err.contains("name the file with --data"), "{err}");
    let without = page(&user, "runs/mine");
    assert!(!without.contains("class=\"retrieved\"") && without.contains("figure class=\"map\""));
    user.writes("small.csv", "no images");
    let (_, err) = user.succeeds(&["report", "runs/mine"]);
    assert!(err.contains("no images in the report: small.csv"), "{err}");
    user.succeeds(&["report", "runs/mine", "--data", "elsewhere.csv"]);
    assert!(page(&user, "runs/mine") == complete && complete.contains("T-shirt/top"));
    fs::remove_file(user.path("runs/mine/embeddings_train.npy")).unwrap();
    user.succeeds(&["report", "runs/mine", "--data", "elsewhere.csv"]);
    assert!(!page(&user, "runs/mine").contains("class=\"retrieved\""));
    let sample = crate::user::shipped_sample();
    let other = user.fails(1, &["report", "runs/mine", "--data", sample.to_str().unwrap()]);
    assert!(other.contains("is not the file that the run was trained on"), "{other}");
}

#[test]
fn reports_of_sweeps_and_searches_can_be_written_again() {
    let user = user();
    let sweep = ["sweep", "--config", "small.toml", "--seeds", "1", "--losses", "cross-entropy"];
    user.succeeds(&[&sweep[..], &["--set", "train.learning_rate=1e-3,1e30"]].concat());
    user.succeeds(&["tune", "--config", "small.toml", "--loss", "contrastive", "--trials", "2"]);
    for start in ["sweep-", "tune-"] {
        let folder = user.run_folder("runs", start);
        let text = page(&user, &folder);
        assert!(text.contains("<table class=\"sortable\">") && text.contains("<svg "));
        user.succeeds(&["report", &folder]);
        assert!(page(&user, &folder) == text, "{start}: the new page differs");
    }
    let sweep = page(&user, &user.run_folder("runs", "sweep-"));
    assert!(sweep.contains("diverged in 1 of 1"), "a diverged run is read back from JSON");
}

#[test]
fn a_folder_without_results_is_an_error() {
    let user = User::new();
    fs::create_dir(user.path("thesis")).unwrap();
    let message = user.fails(1, &["report", "thesis"]);
    assert!(
        message.contains("has no run.json, comparison.json, sweep.json or search.json"),
        "{message}"
    );
    assert!(user.fails(1, &["report", "thesi"]).contains("thesi: does not exist; dml runs lists"));
    assert!(user.fails(1, &["report"]).contains("contains no trained run"));
}

#[test]
fn pictures_come_in_screen_and_paper_style_and_as_svg() {
    let user = user();
    user.succeeds(&["train", "--config", "small.toml", "--name", "mine"]);
    user.succeeds(&["eval"]);
    let svg = || user.reads_text("runs/mine/plots/recall.svg");
    let screen = svg();
    assert!(screen.contains(
        ">Vote top-k accuracy: true class among the k that 10 neighbours rank highest</text>"
    ));
    user.succeeds(&["eval", "--style", "paper"]);
    let paper = svg();
    assert!(paper.contains("pt\" height=") && !paper.contains("rank highest</text>"));
    assert!(paper.contains("<title>Vote top-k accuracy: true class"), "the file keeps its title");
    let message = user.fails(2, &["eval", "--style", "poster"]);
    assert!(message.contains("must be screen or paper"), "{message}");
}
