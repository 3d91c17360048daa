//! Files that are easily misinterpreted.

use std::fs;
use std::path::PathBuf;

use crate::data::{Channels, Dataset, ImageShape, LabelColumn, ReadOptions, Scale, open};
use crate::error::Result;

fn file(content: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    fs::write(&path, content).unwrap();
    (folder, path)
}

fn load_with(content: &str, options: &ReadOptions) -> Result<Dataset> {
    let (_folder, path) = file(content);
    open(&path, options)
}

fn loaded(content: &str) -> Dataset {
    load_with(content, &ReadOptions::default()).unwrap()
}

/// The error message from the file name on.
fn message_for(content: &str) -> String {
    message_with(content, &ReadOptions::default())
}

fn message_with(content: &str, options: &ReadOptions) -> String {
    let text = load_with(content, options).unwrap_err().to_string();
    text[text.rfind("a.csv").unwrap()..].to_owned()
}

/// Options to read a file as one of images that a run was trained on.
fn like(trained: &Dataset) -> ReadOptions {
    ReadOptions { like: Some(trained.trained_on()), ..ReadOptions::default() }
}

/// Four images of 2×2 pixels, two of each class.
const ROWS: &str = "0,90,20,130,40\n1,50,60,70,80\n0,10,140,110,20\n1,130,100,50,160\n";

#[test]
fn pixel_columns_with_ambiguous_names_are_taken_in_order() {
    let plain = loaded(&format!("label,a,b,c,d\n{ROWS}"));
    let sorted = loaded("label,p1,p10,p2,p3\n0,1,2,3,4\n1,5,6,7,8\n");
    assert!(sorted.reading.columns.reordered);
    for header in ["label,,,,", "label,px,px,px,px"] {
        let text = format!("{header}\n{ROWS}");
        let alike = loaded(&text);
        for (trained, read) in [(&alike, &text), (&plain, &text)] {
            assert_eq!(load_with(read, &like(trained)).unwrap().pixels, plain.pixels, "{header}");
        }
        let named = load_with(&format!("label,a,b,c,d\n{ROWS}"), &like(&alike)).unwrap();
        assert_eq!(named.pixels, plain.pixels, "{header}");
        assert_eq!(alike.identity(), alike.sha256, "{header}");
        let refused = message_with(&text, &like(&sorted));
        assert!(refused.contains("columns are not in order; add the"), "{refused}");
    }
    let twice = load_with(&format!("label,d,c,b,a\n{ROWS}"), &like(&plain)).unwrap();
    assert_ne!(twice.pixels, plain.pixels);
}

#[test]
fn two_pixel_columns_of_one_name_are_refused_with_their_numbers() {
    let text = format!("label,a,b,b,d\n{ROWS}");
    let expected = "a.csv, line 1: has two pixel columns of the name b, columns 3 and 4; rename one of them, \
                    or leave one out with --drop 4";
    assert_eq!(message_for(&text), expected);
    let plain = loaded(&format!("label,a,b,c,d\n{ROWS}"));
    assert!(message_with(&text, &like(&plain)).contains("of the name b, columns 3 and 4"));
    // A fifth pixel, which can be left out.
    let rows: String = ROWS.lines().map(|line| format!("{line},7\n")).collect();
    let text = format!("label,p0,p1,p2,p3,p1\n{rows}");
    assert!(message_for(&text).contains("columns 3 and 6; rename one"), "{}", message_for(&text));
    let options = ReadOptions { drop: vec!["6".to_owned()], ..ReadOptions::default() };
    assert_eq!(load_with(&text, &options).unwrap().pixels, plain.pixels);
    // By its name a column is found before it is by its number.
    let text = format!("label,3,4,4,5\n{ROWS}");
    assert!(message_for(&text).ends_with("; rename one of them"), "{}", message_for(&text));
    // Of a header that otherwise needs no look at the rows.
    let text = format!("label,pixel1,pixel2,pixel2,pixel4\n{ROWS}");
    assert!(message_for(&text).contains("of the name pixel2, columns 3 and 4"));
}

#[test]
fn a_repeated_header_of_numbers_is_not_an_image() {
    for names in ["label,0,1,2,3", "label,p0,p1,p2,p3"] {
        let data = loaded(&format!("{names}\n{ROWS}{names}\n{ROWS}"));
        assert_eq!((data.len(), data.classes.len()), (8, 2), "{names}");
        assert_eq!(data.reading.remarks, ["skipped 1 repeated header, line 6"]);
    }
    // An image that happens to have these values is kept.
    let data = loaded(&format!("label,0,1,2,3\n{ROWS}0,0,1,2,3\n"));
    assert_eq!((data.len(), data.classes.len()), (5, 2));
}

/// Smooth images of the given size, below a header that does not reveal their shape.
fn smooth(height: usize, width: usize) -> String {
    let names: String = (0..height * width).map(|column| format!(",p{column}")).collect();
    let image = |number: usize| {
        let wave = |at: usize, length: f64| f64::sin((at + number) as f64 / length);
        (0..height * width)
            .map(|at| 127.0 + 60.0 * wave(at % width, 4.0) + 60.0 * wave(at / width, 3.0))
            .map(|value| format!(",{}", value as u8))
            .collect::<String>()
    };
    let rows = (0..20).map(|number| format!("{}{}\n", number % 2, image(number)));
    format!("label{names}\n{}", rows.collect::<String>())
}

#[test]
fn grey_images_of_3_to_4_are_not_mistaken_for_colour_images() {
    for (height, width) in [(24, 32), (32, 24), (15, 20), (48, 64)] {
        let message = message_for(&smooth(height, width));
        let shape = format!(
            "look like grey images of {height}×{width}, but the network takes \
                             square"
        );
        assert!(message.contains(&shape), "{message}");
    }
    // 16×16 RGB, in planes and interleaved.
    for (height, width, channels) in [(48, 16, Channels::RgbPlanes), (16, 48, Channels::Rgb)] {
        let data = loaded(&smooth(height, width));
        let shape = ImageShape { channels: 3, ..ImageShape::square(16) };
        assert_eq!((data.shape, data.reading.columns.channels), (shape, channels));
    }
}

#[test]
fn a_header_whose_first_name_is_a_hash_is_not_a_comment() {
    for (name, cell) in [("#,", true), ("#;", true), ("# made by hand\n#,", true)] {
        let rows = ROWS.lines().enumerate().map(|(row, line)| match cell {
            true => format!("{row},{line}\n"),
            false => format!("{line}\n"),
        });
        let text = format!("{name}label,p0,p1,p2,p3\n{}", rows.collect::<String>());
        let text = if name == "#;" { text.replace(',', ";") } else { text };
        let data = loaded(&text);
        assert_eq!(
            (data.len(), data.shape, data.classes.len()),
            (4, ImageShape::square(2), 2),
            "{name}"
        );
        assert_eq!(data.reading.label.unwrap().column, "label");
    }
    let comment = loaded(&format!("#,by hand\nlabel,p0,p1,p2,p3\n{ROWS}"));
    assert_eq!(comment.len(), 4);
}

#[test]
fn commas_that_could_be_thousands_separators_are_rejected_with_any_separator() {
    for separator in [";", "\t"] {
        let text = |last: &str| {
            let rows = "0;12,345;40,000;65,535;0\n1;12,345;40,000;65,535;0\n".repeat(3);
            format!("label;p0;p1;p2;p3\n{rows}0;12,345;1,000;2,000;{last}\n")
                .replace(';', separator)
        };
        let message = message_for(&text("0"));
        assert!(
            message.starts_with("a.csv, line 2, column p0: '12,345' may have a decimal comma or"),
            "{message}"
        );
        // One that is certainly decimal decides for all.
        let scaled = ReadOptions { scale: Scale::By(100.0), ..ReadOptions::default() };
        let data = load_with(&text("0,5"), &scaled).unwrap();
        assert_eq!(data.pixels.range(), Some((0.0, 65.535)));
    }
}

#[test]
fn a_table_without_a_header_has_its_label_where_the_training_file_does() {
    let noise = |row: usize, column: usize| (row * 7919 + column * 104_729) % 5;
    let rows: String = (0..20)
        .map(|row| (0..5).map(|c| noise(row, c).to_string()).collect::<Vec<_>>().join(",") + "\n")
        .collect();
    assert!(message_for(&rows).contains("two columns that could be the label"));
    for (header, column) in [("label,a,b,c,d", "1"), ("a,b,c,d,label", "5")] {
        let trained = loaded(&format!("{header}\n{rows}"));
        for label in [LabelColumn::Auto, LabelColumn::from("label")] {
            let data = load_with(&rows, &ReadOptions { label, ..like(&trained) }).unwrap();
            assert_eq!((&data.labels, &data.pixels), (&trained.labels, &trained.pixels));
            assert_eq!(data.reading.label.unwrap().column, column);
        }
    }
}

#[test]
fn an_unclosed_quote_is_reported() {
    let good = format!("label,p0,p1,p2,p3\n{ROWS}");
    let problem = "has an unclosed quote at the start of a cell, so the rest";
    let header = message_for(&format!("\"{good}"));
    assert!(header.starts_with(&format!("a.csv, line 1: {problem}")), "{header}");
    let row = message_for(&good.replacen("\n1", "\n\"1", 1));
    assert!(row.starts_with(&format!("a.csv, line 3: {problem}")), "{row}");
    let last = message_for(&good.replace(",100,", ",\"100,"));
    assert!(last.starts_with(&format!("a.csv, line 5: {problem}")), "{last}");
    // A quote inside a text does not open a quoted cell.
    assert_eq!(loaded(&good.replace("\n1,", "\n12\" pipe,")).classes[1].label, "12\" pipe");
}

#[test]
fn lists_that_numpy_abbreviated_are_reported() {
    for cell in ["[0 0 0 ... 0 0 0]", "[[0 0]\n ...\n [0 1]]"] {
        let message = message_for(&format!("label,pixels\n0,\"{cell}\"\n1,\"{cell}\"\n"));
        let problem = "a.csv, line 1: has lists that NumPy abbreviated with ... in column pixels";
        assert!(message.starts_with(problem), "{message}");
    }
}

#[test]
fn pixels_in_one_cell_win_over_a_column_of_file_names() {
    let pixels: Vec<String> = (1..10).map(|value| (20 * value).to_string()).collect();
    for between in [",", " ", ", "] {
        let list = pixels.join(between);
        for cell in [list.clone(), format!("[{list}]")] {
            let rows = format!("a.png,0,\"{cell}\"\nb.png,1,\"{cell}\"\n");
            let data = loaded(&format!("filename,label,pixels\n{rows}"));
            assert_eq!((data.len(), data.shape), (2, ImageShape::square(3)), "{cell}");
        }
    }
}

#[test]
fn an_empty_column_with_the_name_of_a_label_is_ignored() {
    let rows: String = ROWS.lines().map(|line| format!(",{line}\n")).collect();
    let data = loaded(&format!("class,label,p0,p1,p2,p3\n{rows}"));
    assert_eq!(data.reading.label.unwrap().column, "label");
    assert_eq!(data.reading.left_out[0].why, "empty");
}

#[test]
fn two_labels_of_the_same_name_are_distinguished_by_number() {
    let text = "label,p0,p1,p2,p3,label\n0,1,2,3,4,5\n1,1,2,3,4,5\n0,1,2,3,4,6\n";
    assert_eq!(
        message_for(text),
        "a.csv, line 1: has two columns that could be the label, both called label: numbers 1 and \
         6; choose one: --label 1 or --label 6"
    );
    let options = |label: &str| ReadOptions { label: label.into(), ..ReadOptions::default() };
    let trained = load_with(text, &options("6")).unwrap();
    assert_eq!(trained.classes[1].label, "6");
    assert_eq!(load_with(text, &like(&trained)).unwrap().labels, trained.labels);
    let numbered = text.replace(",p0,p1,p2,p3,", ",0,1,2,3,");
    assert!(message_for(&numbered).ends_with("; rename or remove one of them"));
}

#[test]
fn errors_in_test_images_suggest_only_flags_that_their_command_has() {
    let trained = loaded(&format!("label,a,b,c,d\n{ROWS}"));
    let unlabelled: String = ROWS.lines().map(|line| line[2..].to_owned() + "\n").collect();
    let two = "kind,type,a,b,c,d\n0,1,1,2,3,4\n0,2,1,2,3,4\n1,1,1,2,3,4\n";
    for (text, label) in [
        (unlabelled.as_str(), LabelColumn::Auto),
        (two, LabelColumn::Auto),
        (&ROWS.replace('\n', ",7,7\n"), "label".into()),
        ("label,a,b,c\n0,1,2,3\n", LabelColumn::Auto),
    ] {
        let message = message_with(text, &ReadOptions { label, ..like(&trained) });
        assert!(!message.contains("--"), "{message}");
    }
}
