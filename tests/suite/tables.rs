//! Training and evaluation on tables as people have them.

use serde_json::Value;

use crate::user::User;

/// Pixels of 8×8 images of two classes, bright in the upper or the lower half.
fn pixels(row: usize) -> Vec<usize> {
    let bright_above = row.is_multiple_of(2);
    (0..64)
        .map(|p| if (p < 32) == bright_above { 200 + (row + p) % 50 } else { (row * p) % 40 })
        .collect()
}

/// A table with a header, and for each row its label and its pixels.
fn table(rows: std::ops::Range<usize>, label: impl Fn(usize) -> String) -> Vec<Vec<String>> {
    let names = (0..64).map(|p| format!("pixel{p}"));
    let header = std::iter::once("label".to_owned()).chain(names).collect();
    let row = |row: usize| {
        std::iter::once(label(row)).chain(pixels(row).iter().map(ToString::to_string)).collect()
    };
    std::iter::once(header).chain(rows.map(row)).collect()
}

fn text(table: &[Vec<String>], separator: &str) -> String {
    table.iter().map(|row| row.join(separator) + "\n").collect()
}

fn plain(row: usize) -> String {
    (row % 2).to_string()
}

/// The same table with its columns sorted as text.
fn sorted(mut table: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let mut order: Vec<usize> = (0..table[0].len()).collect();
    order.sort_by(|&a, &b| table[0][a].cmp(&table[0][b]));
    for row in &mut table {
        *row = order.iter().map(|&column| row[column].clone()).collect();
    }
    table
}

/// All metrics of an evaluation that depend on the images, not on the file.
fn metrics(json: &str) -> Value {
    let mut value: Value = serde_json::from_str(json).unwrap();
    let object = value.as_object_mut().unwrap();
    object.remove("images");
    object.remove("images_sha256");
    value
}

/// A user with `train.csv` and the run `runs/r` on it.
fn trained() -> User {
    let user = User::new();
    user.writes("train.csv", text(&table(0..120, plain), ","));
    user.succeeds(&["train", "--data", "train.csv", "--epochs", "2", "--name", "r"]);
    user
}

#[test]
fn a_test_file_is_read_like_the_training_file_in_any_column_order_and_dialect() {
    let user = trained();
    let evaluated = |name: &str| {
        let args = ["eval", "--run", "runs/r", "--test", name, "--json"];
        metrics(&user.succeeds(&args).0)
    };
    let test = || table(200..240, plain);
    user.writes("plain.csv", text(&test(), ","));
    let expected = evaluated("plain.csv");
    let with_index = |mut table: Vec<Vec<String>>| {
        for (index, row) in table.iter_mut().enumerate() {
            row.insert(0, if index == 0 { "id".to_owned() } else { (900 + index).to_string() });
        }
        table
    };
    for (name, content) in [
        ("sorted.csv", text(&sorted(test()), ",")),
        ("index.csv", text(&with_index(test()), ",")),
        ("floats.csv", text(&table(200..240, |row| format!("{}.0", row % 2)), ",")),
        ("semicolons.csv", text(&test(), ";")),
        ("headless.csv", text(&test()[1..], ",")),
    ] {
        user.writes(name, content);
        assert_eq!(evaluated(name), expected, "{name}");
    }
}

#[test]
fn a_test_file_that_does_not_match_the_run_is_refused_with_a_remedy() {
    let user = trained();
    let refused = |name: &str, content: String| {
        user.writes(name, content);
        user.fails(1, &["eval", "--run", "runs/r", "--test", name])
    };
    let other = text(&table(200..240, plain), ",").replace("pixel", "px_");
    let message = refused("names.csv", other);
    assert!(
        message.contains("lacks pixel columns of the training file, pixel0, pixel1"),
        "{message}"
    );
    assert!(message.contains("px_0") && message.contains("remove the header"), "{message}");
    let unlabelled: Vec<Vec<String>> =
        table(200..240, plain).iter().map(|row| row[1..].to_vec()).collect();
    let message = refused("unlabelled.csv", text(&unlabelled, ","));
    assert!(message.contains("has no label column") && message.contains("dml embed"), "{message}");
    let embed = |name: &str, out: &str| {
        user.succeeds(&["embed", name, "--run", "runs/r", "--out", out]);
        user.reads(out)
    };
    user.writes("labelled.csv", text(&sorted(table(200..240, plain)), ","));
    assert_eq!(embed("unlabelled.csv", "a.npy"), embed("labelled.csv", "b.npy"));
}

#[test]
fn values_of_0_and_1_train_the_same_network_as_0_and_255() {
    let user = User::new();
    let binary = |white: usize| {
        let mut table = table(0..120, plain);
        for row in &mut table[1..] {
            for cell in &mut row[1..] {
                *cell = if cell.parse::<usize>().unwrap() > 99 {
                    white.to_string()
                } else {
                    "0".to_owned()
                };
            }
        }
        text(&table, ",")
    };
    let models = [("one", binary(1)), ("many", binary(255))].map(|(name, content)| {
        let file = format!("{name}.csv");
        user.writes(&file, content);
        let (_, err) = user.succeeds(&["train", "--data", &file, "--epochs", "2", "--name", name]);
        let warned = err.contains("pixels: whole numbers from 0 to 1, divided by 1");
        assert_eq!(warned, name == "one", "{err}");
        let (out, _) = user.succeeds(&["eval", "--run", &format!("runs/{name}"), "--json"]);
        metrics(&out)["knn"].clone()
    });
    assert_eq!(models[0], models[1]);
    // --scale overrides the range: another network, in a run of another name.
    let args = ["train", "--data", "one.csv", "--epochs", "2", "--scale", "255"];
    user.succeeds(&args);
    user.succeeds(&args[..5]);
    assert_eq!(std::fs::read_dir(user.path("runs")).unwrap().count(), 4);
}

#[test]
fn a_run_of_an_older_version_is_read_if_its_file_is_still_read_the_same_way() {
    let user = trained();
    let shares = table(0..120, plain);
    let shares: Vec<Vec<String>> = shares
        .iter()
        .enumerate()
        .map(|(index, row)| {
            let share = |cell: &String| match cell.parse::<usize>() {
                Ok(value) if index > 0 => (value / 128).to_string(),
                _ => cell.clone(),
            };
            std::iter::once(row[0].clone()).chain(row[1..].iter().map(share)).collect()
        })
        .collect();
    user.writes("ones.csv", text(&shares, ","));
    user.succeeds(&["train", "--data", "ones.csv", "--epochs", "1", "--name", "ones"]);
    for run in ["r", "ones"] {
        let path = format!("runs/{run}/run.json");
        let mut record: Value = serde_json::from_str(&user.reads_text(&path)).unwrap();
        assert!(record["data"].as_object_mut().unwrap().remove("read_as").is_some());
        user.writes(&path, record.to_string());
    }
    user.succeeds(&["eval", "--run", "runs/r"]);
    let message = user.fails(1, &["eval", "--run", "runs/ones"]);
    assert!(
        message.contains("is read differently than when") && message.contains("train it again"),
        "{message}"
    );
}

#[test]
fn a_column_is_dropped_by_name_or_number_and_an_unknown_one_is_an_error() {
    let user = User::new();
    let mut rows = table(0..40, plain);
    for (index, row) in rows.iter_mut().enumerate() {
        row.push(if index == 0 { "class".to_owned() } else { (index % 3).to_string() });
    }
    user.writes("two.csv", text(&rows, ","));
    let message = user.fails(1, &["data", "check", "two.csv"]);
    assert!(message.contains("has one fault"), "{message}");
    let out = String::from_utf8(user.runs(&["data", "check", "two.csv"]).stdout).unwrap();
    let question = "has two columns that could be the label, label and class; choose one: --label \
                    label or --label class";
    assert!(out.contains(question), "{out}");
    for drop in ["class", "66", "Class"] {
        let (out, _) = user.succeeds(&["data", "check", "two.csv", "--drop", drop]);
        assert!(out.contains("left out    column class: as --drop says"), "{out}");
    }
    let (out, _) = user.succeeds(&["data", "check", "two.csv", "--label", "class"]);
    assert!(out.contains("left out    column label: its name is a label's, too"), "{out}");
    let out = String::from_utf8(user.runs(&["data", "check", "two.csv", "--drop", "clas"]).stdout)
        .unwrap();
    assert!(
        out.contains(
            "'clas' is not a column of this file, so it cannot be dropped; did you mean 'class'?"
        ),
        "{out}"
    );
}

#[test]
fn data_check_shows_every_decision_that_training_reports() {
    let user = User::new();
    user.writes("sorted.csv", text(&sorted(table(0..120, plain)), ","));
    let channels = |pixel: usize| ["R", "G", "B"].map(|colour| format!("{colour}{pixel}"));
    let names = std::iter::once("label".to_owned()).chain((0..64).flat_map(channels)).collect();
    let row = |row: usize| {
        let pixels =
            pixels(row).into_iter().flat_map(|value| [value.to_string(), "9".into(), "7".into()]);
        std::iter::once(plain(row)).chain(pixels).collect()
    };
    let coloured: Vec<Vec<String>> = std::iter::once(names).chain((0..60).map(row)).collect();
    user.writes("coloured.csv", text(&coloured, ","));
    let unnamed: Vec<Vec<String>> = table(0..60, plain);
    user.writes("unnamed.csv", format!("label{}\n{}", ",".repeat(64), text(&unnamed[1..], ",")));
    for (file, decided) in [
        ("sorted.csv", "decided     pixel columns: sorted by their numbers"),
        ("coloured.csv", "decided     colours: red, green and blue interleaved by pixel"),
        ("unnamed.csv", "image       8×8, grey\n"),
    ] {
        let (out, _) = user.succeeds(&["data", "check", file]);
        assert!(out.contains(decided), "{out}");
        let err = user.succeeds(&["train", "--data", file, "--epochs", "1", "--name", file]).1;
        let reported = decided.strip_prefix("decided     ").is_none_or(|line| err.contains(line));
        assert!(reported, "{err}");
    }
}
