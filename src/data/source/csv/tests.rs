//! What the loader accepts, and the error messages for everything else.

use std::fs;
use std::path::PathBuf;

use crate::data::{Dataset, Header, ImageShape, LabelColumn, Pixels, ReadOptions, Scale, open};
use crate::error::Result;
use crate::files::sha256_hex;

/// A file with this content, in a temporary folder.
fn file(content: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    fs::write(&path, content).unwrap();
    (folder, path)
}

fn load_with(content: impl AsRef<[u8]>, options: &ReadOptions) -> Result<Dataset> {
    let (_folder, path) = file(content.as_ref());
    open(&path, options)
}

fn loaded(content: impl AsRef<[u8]>) -> Dataset {
    load_with(content, &ReadOptions::default()).unwrap()
}

/// The error message from the file name on.
fn message_with(content: impl AsRef<[u8]>, options: &ReadOptions) -> String {
    let text = load_with(content, options).unwrap_err().to_string();
    text[text.rfind("a.csv").unwrap()..].to_owned()
}

fn message_for(content: impl AsRef<[u8]>) -> String {
    message_with(content, &ReadOptions::default())
}

fn labels(data: &Dataset) -> Vec<&str> {
    data.classes.iter().map(|class| class.label.as_str()).collect()
}

/// Pixel values of a data set of bytes.
fn values(data: &Dataset) -> &[u8] {
    match &data.pixels {
        Pixels::Bytes(values) => values,
        Pixels::Floats(values) => panic!("floats: {values:?}"),
    }
}

fn label_at(column: &str) -> ReadOptions {
    ReadOptions { label: LabelColumn::Given(column.to_owned()), ..ReadOptions::default() }
}

fn header(header: Header) -> ReadOptions {
    ReadOptions { header, ..ReadOptions::default() }
}

/// Two classes of two images of 2×2 pixels, under a header.
const GOOD: &str = "label,a,b,c,d\n3,1,2,3,4\n7,5,6,7,8\n3,9,10,11,12\n7,13,14,15,255\n";
const GOOD_PIXELS: [u8; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255];

/// `GOOD` with its third line replaced.
fn good_but(line: &str) -> String {
    GOOD.replace("7,5,6,7,8", line)
}

#[test]
fn pixels_are_rows_and_labels_are_class_indices() {
    let data = loaded(GOOD);
    assert_eq!(data.pixels, Pixels::Bytes(GOOD_PIXELS.to_vec()));
    assert_eq!(
        (data.labels.as_slice(), data.shape),
        ([0, 1, 0, 1].as_slice(), ImageShape::square(2))
    );
    assert_eq!(labels(&data), ["3", "7"]);
    assert_eq!(data.sha256, sha256_hex(GOOD.as_bytes()));
}

#[test]
fn equivalent_notations_give_the_same_images() {
    let plain = loaded(GOOD);
    for other in [
        GOOD.replace('\n', "\r\n"),
        GOOD.replace('\n', "\r"),
        GOOD.trim_end().to_owned(),
        format!("\u{feff}{GOOD}"),
        format!("{GOOD}\n\r\n\n"),
        format!("\n\n{GOOD}"),
        GOOD.replace("\n7", "\n\n7"),
        GOOD.replace(',', " , "),
        GOOD.replace(',', "\t,"),
        GOOD.replace("13,", "\"13\","),
        GOOD.replace("\n7", "\n\"7\""),
        GOOD.replace("label", "\"label\""),
        GOOD.replace(",5,6", ",+5,006"),
    ] {
        let data = loaded(&other);
        assert_eq!((&data.pixels, &data.labels), (&plain.pixels, &plain.labels), "{other:?}");
        assert_eq!(data.classes, plain.classes, "{other:?}");
        assert_eq!(data.sha256, sha256_hex(other.as_bytes()));
    }
}

#[test]
fn a_gzip_gives_the_same_images_and_the_hash_of_its_content() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, GOOD.as_bytes()).unwrap();
    let zipped = encoder.finish().unwrap();
    let data = loaded(&zipped);
    assert_eq!(
        (data.pixels, data.sha256),
        (Pixels::Bytes(GOOD_PIXELS.to_vec()), loaded(GOOD).sha256)
    );
    let cut = message_for(&zipped[..zipped.len() - 9]);
    assert!(cut.starts_with("a.csv: the gzip is truncated after "), "{cut}");
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
fn settings_are_parsed_from_text() {
    assert_eq!(LabelColumn::from("auto"), LabelColumn::Auto);
    assert_eq!(LabelColumn::from("3"), LabelColumn::Given("3".to_owned()));
    let read = ["auto", "yes", "no"].map(|text| text.parse::<Header>().unwrap());
    assert_eq!(read, [Header::Auto, Header::Yes, Header::No]);
    let message = "maybe".parse::<Header>().unwrap_err().to_string();
    assert_eq!(message, "data.header = maybe: must be auto, yes or no");
}

#[test]
fn with_a_header_a_numeric_name_takes_precedence_over_the_position() {
    let text = "0,1,2,3,4\n9,1,1,1,5\n9,1,1,1,6\n9,1,1,1,5\n9,1,1,1,6\n";
    assert_eq!(labels(&load_with(text, &label_at("4")).unwrap()), ["5", "6"]);
    let without = ReadOptions { header: Header::No, ..label_at("5") };
    assert_eq!(labels(&load_with(text, &without).unwrap()), ["4", "5", "6"]);
}

#[test]
fn headers_are_distinguished_from_images() {
    let rows = "1,0,0,0,9\n1,0,0,0,9\n2,0,0,0,9\n2,0,0,0,9\n";
    assert_eq!(loaded(rows).len(), 4);
    for names in ["x,a,b,c,d", "x,0,1,2,3", "0,1,2,3,4", "label,9,9,9,9", "x,,,,"] {
        assert_eq!(loaded(format!("{names}\n{rows}")).len(), 4, "{names}");
    }
    // The user can say that pixels which happen to count up are not a header.
    let counting = "1,0,1,2,3\n1,0,0,0,9\n2,0,0,0,9\n2,0,0,0,9\n";
    assert_eq!(load_with(counting, &header(Header::No)).unwrap().len(), 4);
    let names = format!("1,9,9,9,9\n{rows}");
    assert_eq!(load_with(&names, &header(Header::Yes)).unwrap().len(), 4);
    assert_eq!(loaded(&names).len(), 5);
}

#[test]
fn one_bad_cell_in_the_first_row_does_not_make_it_a_header() {
    assert_eq!(
        message_for("1,0,x,0,9\n1,0,0,0,9\n2,0,0,0,9\n2,0,0,0,9\n"),
        "a.csv, line 1, column 3: 'x' is not a number"
    );
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
fn a_bad_cell_is_reported_with_line_column_and_value() {
    for (cell, problem) in [
        ("", "the cell is empty; it must contain a number"),
        (" ", "the cell is empty; it must contain a number"),
        ("abc", "'abc' is not a number"),
        ("nan", "'nan' is not a number"),
        ("inf", "'inf' is not a number"),
        ("1e39", "'1e39' is too large"),
        (
            "\"1,234\"",
            "'1,234' may have a decimal comma or a thousands separator; use a decimal point, or \
             remove the comma",
        ),
        (
            "256",
            "'256' is outside 0..255, as are values of 1 image, unlike all others; fix them, or \
             set the divisor of all values with --scale, such as 65535",
        ),
        (
            "-1",
            "'-1' is outside all known ranges: values are from -1 to 255; set their divisor with \
             --scale (1 leaves them unchanged)",
        ),
        (
            "\"6",
            "has an unclosed quote at the start of a cell, so the rest of the file is in that \
             cell; close or remove it",
        ),
    ] {
        let position = if cell == "\"6" { "a.csv, line 3" } else { "a.csv, line 3, column b" };
        assert_eq!(
            message_for(good_but(&format!("7,5,{cell},7,8"))),
            format!(
                "{position}: \
                                                                               {problem}"
            )
        );
    }
    assert_eq!(
        message_for(good_but(",5,6,7,8")),
        "a.csv, line 3, column label: the label is \
                                                   missing"
    );
    assert_eq!(
        message_for(good_but("\"x\ny\",5,6,7,8")),
        "a.csv, line 3, column label: 'x\\ny' is a label with a control character or line break"
    );
}

#[test]
fn line_numbers_are_correct_for_any_line_ending() {
    let bad = good_but("\n\n7,5,x,7,8");
    let message = "a.csv, line 5, column b: 'x' is not a number";
    assert_eq!(message_for(&bad), message);
    assert_eq!(message_for(bad.replace('\n', "\r\n")), message);
    assert_eq!(message_for(bad.replace('\n', "\r")), message);
    assert_eq!(message_for(format!("\u{feff}{bad}")), message);
    assert_eq!(message_for(format!("\n\n{bad}")), "a.csv, line 7, column b: 'x' is not a number");
}

#[test]
fn unnamed_columns_are_reported_by_number() {
    let rows = "1,0,0,0,9\n1,0,0,0,9\n2,0,0,0,9\n2,0,0,999,9\n";
    let problem = "'999' is outside 0..255, as are values of 1 image";
    assert!(message_for(rows).starts_with(&format!("a.csv, line 4, column 4: {problem}")));
    let named = message_for(format!("label,a,b,,d\n{rows}"));
    assert!(named.starts_with(&format!("a.csv, line 5, column 4: {problem}")), "{named}");
}

#[test]
fn a_ragged_row_is_reported_with_its_length() {
    let at = "a.csv, line 3: the row has";
    assert_eq!(message_for(good_but("7,5,6,7")), format!("{at} 4 cells, the header has 5"));
    assert_eq!(message_for(good_but("7,5,6,7,8,9")), format!("{at} 6 cells, the header has 5"));
    assert_eq!(message_for(good_but("7,5,6,7,8,")), format!("{at} 6 cells, the header has 5"));
    assert_eq!(message_for(good_but("7")), format!("{at} 1 cell, the header has 5"));
    assert_eq!(message_for(good_but("7,5\r,6,7,8")), format!("{at} 2 cells, the header has 5"));
    let last = "a.csv, line 5: the row has";
    assert_eq!(
        message_for(format!("{},", GOOD.trim_end())),
        format!(
            "{last} 6 cells, the header \
                                                                      has 5"
        )
    );
    assert_eq!(message_for(&GOOD[..GOOD.len() - 5]), format!("{last} 4 cells, the header has 5"));
    assert_eq!(
        message_for("1,0,0,0,9\n1,0,0,0\n2,0,0,0,9\n"),
        "a.csv, line 2: the row has 4 cells, the first row has 5"
    );
}

#[test]
fn a_number_of_pixels_that_is_not_square_is_rejected() {
    assert_eq!(
        message_for("label,a,b,c\n1,2,3,4\n"),
        "a.csv, line 1: has 3 pixel columns besides the label, which is not a square number; the \
         nearest square images have 1 or 4; drop columns that are not pixels with --drop"
    );
}

#[test]
fn a_file_without_images_is_rejected() {
    let empty = "a.csv: is empty; it needs one row per image: a label and its pixels";
    for content in ["", "\n\r\n\n", "\u{feff}", "  \n"] {
        assert_eq!(message_for(content), empty, "{content:?}");
    }
    let only = "a.csv: has a header but no images; add a row for each image";
    assert_eq!(message_for("label,a,b,c,d\n"), only);
    assert_eq!(message_for("label,a,b,c,d"), only);
    assert_eq!(message_for("label,a,b,c,d\r\n\r\n"), only);
}

#[test]
fn a_single_column_is_rejected() {
    let problem = "a.csv, line 1: has a single column; it needs a label and pixels, separated by \
                   commas, semicolons or tabs";
    assert_eq!(message_for("label\n1\n"), problem);
    assert_eq!(message_for("label:a\n1:2\n"), problem);
}

#[test]
fn binary_files_and_other_encodings_are_rejected() {
    let png = message_for(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    assert!(png.starts_with("a.csv: is a PNG image, not CSV; "), "{png}");
    let damaged = "a.csv: the zip is truncated or corrupt";
    assert!(message_for(b"PK\x03\x04\x14\0rest").starts_with(damaged));
    // Mostly UTF-8: damaged rather than in another encoding.
    let header = [b"na\xefve,".as_slice(), "ä,ö,ü\n1,2,3,4\n".as_bytes()].concat();
    assert_eq!(
        message_for(&header),
        "a.csv, line 1, column 1: 'na\u{fffd}ve' is not UTF-8 text; name a .csv or .csv.gz file \
         in UTF-8"
    );
    let label = [b"label,p\nna\xefve,2\n".as_slice(), "ä,1\nö,1\n".as_bytes()].concat();
    assert_eq!(
        message_for(&label),
        "a.csv, line 2, column label: 'na\u{fffd}ve' is not UTF-8 text; save the file as UTF-8"
    );
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

#[test]
fn the_first_of_several_faults_is_reported() {
    let text = good_but("7,5,x,7,y").replace("13,", "z,");
    assert_eq!(message_for(text), "a.csv, line 3, column b: 'x' is not a number");
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
fn the_range_determines_the_scale_unless_it_is_given() {
    let of = |largest: &str, scale: Scale| {
        let text = format!(
            "label,a,b,c,d\nx,0,0,0,{largest}\nx,0,0,0,{largest}\ny,0,0,0,0\ny,0,0,0,{largest}\n"
        );
        load_with(text, &ReadOptions { scale, ..ReadOptions::default() })
    };
    for (largest, scale) in
        [("1", 1.0), ("0.5", 1.0), ("16", 16.0), ("200", 255.0), ("40000", 65_535.0)]
    {
        assert_eq!(of(largest, Scale::Auto).unwrap().scale, scale, "{largest}");
    }
    assert_eq!(of("1", Scale::By(255.0)).unwrap().scale, 255.0);
    assert_eq!(of("-3", Scale::By(1.0)).unwrap().pixels.range(), Some((-3.0, 0.0)));
    assert!(
        of("70000", Scale::Auto).unwrap_err().to_string().contains("line 2, column d: '70000'")
    );
}

#[test]
fn images_with_float_values_are_displayed_in_grey() {
    let data = loaded("label,a,b,c,d\nx,0,0.5,1,0\nx,0,0.5,1,0\ny,1,1,1,1\ny,0,0,0,0\n");
    assert_eq!(data.image(0), [0, 128, 255, 0]);
    let signed = "label,a,b,c,d\nx,-1,0,1,0\nx,-1,0,1,0\ny,1,1,1,1\ny,0,0,0,0\n";
    let data = load_with(signed, &ReadOptions { scale: Scale::By(1.0), ..ReadOptions::default() })
        .unwrap();
    assert_eq!(data.image(0), [0, 128, 255, 128]);
}

#[test]
fn a_second_header_in_another_order_is_rejected() {
    let names = "label,p1,p2,p3,p4\n";
    let rows = "1,10,20,30,40\n2,50,60,70,80\n".repeat(2);
    let other = format!("{names}{rows}p1,label,p2,p3,p4\n10,1,20,30,40\n");
    assert_eq!(
        message_for(&other),
        "a.csv, line 6: is a header with the columns in another order, which the rows after it \
         follow; put all rows under one header, or split the file in two"
    );
}

#[test]
fn an_image_that_pandas_mistook_for_a_header_is_skipped() {
    let text = "0,0.1,0.2,0.3,0.4,0.5,0.6,7,0.7,0.8\n".to_owned()
        + &"3,0,0,9,0,0,200,7,0,0\n5,0,0,1,0,0,90,7,0,0\n".repeat(3);
    let data = loaded(&text);
    assert_eq!((data.len(), data.shape, labels(&data)), (6, ImageShape::square(3), vec!["3", "5"]));
    assert!(data.reading.remarks[0].contains("an image that pandas mistook for names"));
}
