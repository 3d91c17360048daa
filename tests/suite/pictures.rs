//! Pictures with too many classes to draw, or with class names that no font has.

use crate::user::{User, assert_picture};

/// A CSV with two 4×4 images of each label.
fn two_of_each(labels: &[String]) -> String {
    let pixels: Vec<String> = (0..16).map(|pixel| format!("p{pixel}")).collect();
    let mut text = format!("label,{}\n", pixels.join(","));
    for (class, label) in labels.iter().enumerate() {
        for image in 0..2 {
            let value = |pixel: usize| ((class * 7 + pixel * 13 + image) % 256).to_string();
            let values: Vec<String> = (0..16).map(value).collect();
            text += &format!("{label},{}\n", values.join(","));
        }
    }
    text
}

#[test]
fn too_many_classes_for_a_confusion_matrix_are_reported_before_training() {
    let user = User::new();
    let labels: Vec<String> = (0..110).map(|class| class.to_string()).collect();
    user.writes("many.csv", two_of_each(&labels));
    let train =
        ["train", "--data", "many.csv", "--loss", "cross-entropy", "--epochs", "1", "--runs", "r"];
    let (_, err) = user.succeeds(&train);
    let remark = err.find("110 classes: a confusion matrix of more than 100 cannot be read");
    assert!(remark.unwrap() < err.find("epoch 1/1").unwrap(), "{err}");
    let (out, _) = user.succeeds(&["eval", "--runs", "r"]);
    assert!(out.contains("1-NN accuracy") && !out.contains("true \\ predicted"), "{out}");
    let run = user.run_folder("r", "cross-entropy-");
    for picture in ["confusion", "retrieval", "recall", "distances", "loss"] {
        assert_picture(&user.path(&format!("{run}/plots/{picture}.png")));
    }
    let counts = user.reads_text(&format!("{run}/confusion.csv"));
    assert_eq!(counts.lines().count(), 111);
    user.succeeds(&["report", &run]);
    let page = user.reads_text(&format!("{run}/report.html"));
    assert!(page.contains("110 classes are too many for a confusion matrix"));
    assert!(!page.contains("table class=\"heat\""));
}

#[test]
fn names_that_no_font_draws_are_reported_once_and_kept_in_the_svg() {
    let user = User::new();
    // Private-use characters, which no font is expected to have.
    let labels: Vec<String> =
        (0..8).map(|class| char::from_u32(0x10_fff0 + class).unwrap().to_string()).collect();
    user.writes("private.csv", two_of_each(&labels));
    let args = ["train", "--data", "private.csv", "--epochs", "1", "--runs", "r"];
    let (_, err) = user.succeeds(&args);
    assert_eq!(err.matches("no font on this system draws").count(), 1, "{err}");
    assert!(err.contains("(U+10FFF0)") && err.contains("and 5 more"), "{err}");
    let run = user.run_folder("r", "contrastive-");
    assert_picture(&user.path(&format!("{run}/plots/pairs.png")));
    let svg = user.reads_text(&format!("{run}/plots/pairs.svg"));
    assert!(labels.iter().any(|label| svg.contains(&format!(">{label}</text>"))));
}

#[test]
fn sample_pairs_are_drawn_under_losses_on_pairs_alone() {
    let user = User::new();
    let labels: Vec<String> = (0..4).map(|class| class.to_string()).collect();
    user.writes("few.csv", two_of_each(&labels));
    let few = ["--data", "few.csv", "--epochs", "1", "--runs", "r"];
    let all_pairs = ["--set", "loss.pairs=all"];
    let trained = |more: &[&str]| user.succeeds(&[&["train"], &few[..], more].concat()).0;
    for (args, name) in [
        (&["--loss", "cross-entropy"][..], "cross-entropy"),
        (&["--loss", "supcon"], "supcon"),
        (&all_pairs, "contrastive"),
    ] {
        let args = [args, &["--name", name]].concat();
        let told = trained(&args);
        assert!(told.contains("plots/loss.png") && !told.contains("pairs.png"), "{told}");
        assert!(!user.path(&format!("r/{name}/plots/pairs.png")).exists(), "{name}");
    }
    // What an earlier version drew goes with the next evaluation.
    user.writes("r/supcon/plots/pairs.png", "");
    user.succeeds(&["eval", "--run", "r/supcon"]);
    assert!(!user.path("r/supcon/plots/pairs.png").exists());

    let losses = ["--losses", "contrastive,cross-entropy", "--seeds", "1"];
    user.succeeds(&[&["compare"], &few[..], &losses].concat());
    let drawn = |start: &str| {
        let run = user.run_folder("r", start);
        user.path(&format!("{run}/plots/pairs.png")).exists()
    };
    assert!(drawn("contrastive-seed1-") && !drawn("cross-entropy-seed1-"));
}
