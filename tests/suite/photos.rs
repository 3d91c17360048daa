//! A folder of pictures as people keep them, from check to report.

use image::{Rgb, RgbImage};

use crate::user::{User, assert_picture};

/// Settings of a short training.
const QUICK: &str = "[data]\nvalidation = 0.3\n[train]\nepochs = 1\nbatch = 16\n\
                     [tsne]\niterations = 20\nperplexity = 2.0\n[eval]\nvoters = 3\n";

/// Settings and pictures: two classes of 12×8 that differ in colour alone.
fn user() -> User {
    let user = User::new();
    user.writes("quick.toml", QUICK);
    for (part, count) in [("train", 12), ("test", 4)] {
        for (class, colour) in [("red, dark", [120, 10, 10]), ("green", [10, 62, 10])] {
            for index in 0..count {
                let shade = |value: u8| value + index;
                let picture = RgbImage::from_fn(8, 12, |x, y| {
                    if (x + y + u32::from(index)) % 3 == 0 {
                        Rgb([255, 255, 255])
                    } else {
                        Rgb(colour.map(shade))
                    }
                });
                let path = user.path(&format!("photos/{part}/{class}/{index}.png"));
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                picture.save(path).unwrap();
            }
        }
    }
    user
}

#[test]
fn a_folder_of_pictures_in_colour_goes_through_training_evaluation_and_report() {
    let user = user();
    let (checked, _) = user.succeeds(&["data", "check", "photos"]);
    assert!(checked.contains("image       3×12×8, red, green and blue"), "{checked}");
    let train = ["train", "--data", "photos", "--config", "quick.toml", "--name", "mine"];
    let (_, said) = user.succeeds(&train);
    assert!(said.contains("data: photos, 24 images of 3×12×8, 2 classes"), "{said}");
    assert!(
        said.contains("8 for testing are left out: evaluate them with --test photos"),
        "{said}"
    );
    assert!(said.contains("engine: libtorch"), "{said}");
    let (table, _) = user.succeeds(&["eval"]);
    assert!(table.contains("1-NN accuracy"), "{table}");
    for picture in ["pairs", "retrieval", "tsne", "loss"] {
        assert_picture(&user.path(&format!("runs/mine/plots/{picture}.png")));
    }
    let (_, said) = user.succeeds(&["eval", "--test", "photos"]);
    assert!(said.contains("parts: its 8 images for testing"), "{said}");
    user.succeeds(&["report"]);
    assert!(user.reads_text("runs/mine/report.html").contains("red, dark"));
    user.succeeds(&["export", "runs/mine", "--format", "tensorboard", "--out", "logs"]);
    let (_, said) =
        user.succeeds(&["embed", "photos/test", "--run", "runs/mine", "--out", "e.csv"]);
    assert_eq!(user.reads_text("e.csv").lines().count(), 9, "{said}");
}

#[test]
fn losses_are_compared_on_a_folder_with_no_other_word() {
    let user = user();
    let compare = ["compare", "--data", "photos", "--config", "quick.toml", "--seeds", "1,2"];
    let (table, _) = user.succeeds(&compare);
    assert!(table.contains("1-NN accuracy"), "{table}");
    let unseen = user.fails(1, &[&compare[..], &["--unseen-classes", "\"red, dark\""]].concat());
    assert!(unseen.contains("leaves 1 of the classes unseen"), "{unseen}");
}

#[test]
fn a_run_keeps_its_channels_and_size_for_other_pictures() {
    let user = user();
    let train = ["train", "--data", "photos", "--config", "quick.toml", "--name", "mine"];
    user.succeeds(&[&train[..], &["--size", "16", "--channels", "grey"]].concat());
    let (_, said) = user.succeeds(&["eval", "--test", "photos"]);
    assert!(said.contains("8 of 8 resized to 16×16"), "{said}");
    assert!(said.contains("engine: fused"), "{said}");
    user.succeeds(&["embed", "photos/test", "--run", "runs/mine", "--out", "e.npy"]);
}

#[test]
fn a_broken_picture_stops_a_training_and_is_listed_when_it_is_skipped() {
    let user = user();
    user.writes("photos/train/green/cut.jpg", [0xff, 0xd8, 0xff, 0xe0]);
    let train = ["train", "--data", "photos", "--config", "quick.toml", "--name", "mine"];
    let message = user.fails(1, &train);
    assert!(message.contains("photos/train/green/cut.jpg: is"), "{message}");
    let (_, said) = user.succeeds(&[&train[..], &["--skip-broken"]].concat());
    assert!(said.contains("1 broken picture left out: train/green/cut.jpg is"), "{said}");
}
