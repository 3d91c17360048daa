//! Which column is the label, and which values of it are a class.

use super::{GOOD, good_but, label_at, labels, load_with, loaded, message_for, message_with};
use crate::data::{Dataset, Header, Pixels, ReadOptions};

/// Pixel values of a data set of bytes.
fn values(data: &Dataset) -> &[u8] {
    match &data.pixels {
        Pixels::Bytes(values) => values,
        Pixels::Floats(values) => panic!("floats: {values:?}"),
    }
}

#[test]
fn the_label_is_found_by_name_or_position_and_otherwise_is_the_first_column() {
    let columns = "a,kind,b\n1,x,2\n".replace("b\n", "b,c,d\n").replace("2\n", "2,3,4\n");
    let text = format!("{columns}5,y,6,7,8\n5,x,6,7,8\n5,y,6,7,8\n");
    for column in ["kind", "2", " kind "] {
        let data = load_with(&text, &label_at(column)).unwrap();
        assert_eq!(labels(&data), ["x", "y"]);
        assert_eq!(values(&data)[..4], [1, 2, 3, 4]);
    }
    assert_eq!(labels(&loaded(text.replace("kind", "label"))), ["x", "y"]);
    let first = loaded("k,a\n4,1\n4,2\n5,3\n5,4\n");
    assert_eq!((labels(&first), values(&first)), (vec!["4", "5"], &[1, 2, 3, 4][..]));
}

#[test]
fn an_unknown_label_column_is_rejected_with_the_nearest_name() {
    assert_eq!(
        message_with(GOOD, &label_at("lable")),
        "a.csv, line 1: 'lable' is not a column of this file, so there are no labels; did you mean \
         'label'? its 5 columns are label, a, b, c, d"
    );
    assert_eq!(
        message_with(GOOD, &label_at("6")),
        "a.csv, line 1: '6' is not a column of this file, so there are no labels; its 5 columns \
         are \
         label, a, b, c, d"
    );
    assert_eq!(
        message_with("1,0,0,0,9\n", &label_at("kind")),
        "a.csv, line 1: 'kind' is not a column of this file, so there are no labels; it has no \
         header: give the column's position, 1 to 5"
    );
    assert_eq!(
        message_with(GOOD, &ReadOptions { header: Header::No, ..label_at("label") }),
        "a.csv, line 1: 'label' is not a column of this file, so there are no labels; it has no \
         header: give the column's position, 1 to 5"
    );
}

/// Rows of a label and 16 pixels that are dark at the border, as text.
fn bordered(rows: usize, cell: impl Fn(usize, usize) -> String) -> Vec<Vec<String>> {
    let is_border = |p: usize| !(4..12).contains(&p) || p.is_multiple_of(4) || p % 4 == 3;
    let pixel = |row: usize, p: usize| if is_border(p) { "0".to_owned() } else { cell(row, p) };
    (0..rows).map(|row| (0..16).map(|p| pixel(row, p)).collect()).collect()
}

fn written(rows: &[Vec<String>]) -> String {
    rows.iter().map(|row| row.join(",") + "\n").collect()
}

#[test]
fn an_unnamed_label_is_found_at_either_end_by_its_content() {
    let images = bordered(40, |row, p| ((row * 37 + p * 11) % 256).to_string());
    let labelled = |at: usize, label: &dyn Fn(usize) -> String| {
        let mut rows = images.clone();
        for (index, row) in rows.iter_mut().enumerate() {
            row.insert(at, label(index));
        }
        written(&rows)
    };
    for classes in [2, 3, 10] {
        let label = |row: usize| (row * 7 % classes).to_string();
        for (at, column) in [(0, "1"), (16, "17")] {
            let data = load_with(labelled(at, &label), &ReadOptions::default());
            let data = data.unwrap();
            assert_eq!(data.classes.len(), classes);
            assert_eq!(data.reading.label.as_ref().unwrap().column, column);
            assert!(data.reading.decisions[0].contains("choose another with --label"));
        }
    }
    let text = |row: usize| ["cat", "dog"][row % 2].to_owned();
    assert_eq!(labels(&loaded(labelled(16, &text))), ["cat", "dog"]);
}

#[test]
fn an_ambiguous_label_is_rejected() {
    // Noise in every column: first and last are indistinguishable.
    let noise = |row: usize, column: usize| ((row * 7919 + column * 104_729) % 5).to_string();
    let rows: Vec<Vec<String>> =
        (0..40).map(|row| (0..17).map(|c| noise(row, c)).collect()).collect();
    assert_eq!(
        message_for(written(&rows)),
        "a.csv, line 1: has two columns that could be the label, 1 and 17; choose one: --label 1 \
         or --label 17"
    );
    let named = "p1,p2,p3,p4,kind,class\n".to_owned() + &"1,2,3,4,a,b\n5,6,7,8,a,c\n".repeat(4);
    assert!(message_for(&named).contains("could be the label, kind and class; choose one"));
    // Two names for the same classes are not ambiguous.
    let alike =
        "p1,p2,p3,p4,label,class_name\n".to_owned() + &"1,2,3,4,0,cat\n5,6,7,8,1,dog\n".repeat(4);
    let data = loaded(&alike);
    assert_eq!(labels(&data), ["0", "1"]);
    assert_eq!(data.reading.left_out[0].column, "class_name");
}

#[test]
fn text_labels_and_labels_with_gaps_become_classes() {
    let of = |names: [&str; 2]| {
        let [a, b] = names;
        loaded(format!("label,p\n{a},1\n{b},2\n{a},3\n{b},4\n"))
    };
    let gaps = of(["90", "7"]);
    assert_eq!((labels(&gaps), gaps.labels.as_slice()), (vec!["7", "90"], &[1, 0, 1, 0][..]));
    assert_eq!(labels(&of(["dog", "Katze ä"])), ["Katze ä", "dog"]);
    assert_eq!(labels(&of(["\"a, b\"", "\"say \"\"c\"\"\""])), ["a, b", "say \"c\""]);
}

#[test]
fn different_notations_of_a_number_are_one_class() {
    let data = loaded("label,p\n0,1\n0.0,2\n-0,3\n+6.0,4\n06,5\n6e0,6\n");
    assert_eq!(labels(&data), ["0", "6"]);
    assert_eq!(data.labels, [0, 0, 0, 1, 1, 1]);
    assert_eq!(data.reading.remarks, ["labels: 0.0 and 0 are one class (and 3 more such)"]);
    let alone = loaded("label,p\n-1.0,91\n-1.0,92\n1.0,93\n1.0,94\n");
    assert_eq!((labels(&alone), alone.reading.lines().count()), (vec!["-1", "1"], 0));
}

#[test]
fn missing_markers_of_pandas_are_not_labels() {
    for marker in ["nan", "NaN", "NA", "N/A", "null", "None", "<NA>", "#N/A"] {
        assert_eq!(
            message_for(good_but(&format!("{marker},5,6,7,8"))),
            format!(
                "a.csv, line 3, column label: '{marker}' means a missing label; fill it in or \
                 remove the row; if it is a class, rename it"
            )
        );
    }
}
