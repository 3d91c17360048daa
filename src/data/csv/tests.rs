//! What the loader accepts, and the message for everything that it does not.

use std::fs;
use std::path::PathBuf;

use super::*;

/// A file with this content, in a folder that lives as long as the pair.
fn file(content: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    fs::write(&path, content).unwrap();
    (folder, path)
}

fn load_with(content: impl AsRef<[u8]>, options: &CsvOptions) -> Result<Dataset> {
    let (_folder, path) = file(content.as_ref());
    load(&path, options)
}

fn loaded(content: impl AsRef<[u8]>) -> Dataset {
    load_with(content, &CsvOptions::default()).unwrap()
}

/// The message, from the file's name on.
fn told_with(content: impl AsRef<[u8]>, options: &CsvOptions) -> String {
    let text = load_with(content, options).unwrap_err().to_string();
    text[text.rfind("a.csv").unwrap()..].to_owned()
}

fn told(content: impl AsRef<[u8]>) -> String {
    told_with(content, &CsvOptions::default())
}

fn labels(data: &Dataset) -> Vec<&str> {
    data.classes.iter().map(|class| class.label.as_str()).collect()
}

/// Values of a data set of bytes.
fn values(data: &Dataset) -> &[u8] {
    match &data.pixels {
        Pixels::Bytes(values) => values,
        Pixels::Floats(values) => panic!("floats: {values:?}"),
    }
}

fn label_at(column: &str) -> CsvOptions {
    CsvOptions { label: LabelColumn::Given(column.to_owned()), ..CsvOptions::default() }
}

fn header(header: Header) -> CsvOptions {
    CsvOptions { header, ..CsvOptions::default() }
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
    assert_eq!((data.labels.as_slice(), data.side), ([0, 1, 0, 1].as_slice(), 2));
    assert_eq!(labels(&data), ["3", "7"]);
    assert_eq!(data.sha256, sha256_hex(GOOD.as_bytes()));
}

#[test]
fn every_way_of_writing_the_same_rows_gives_the_same_images() {
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
fn a_gzip_gives_the_same_images_and_the_hash_of_what_is_in_it() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, GOOD.as_bytes()).unwrap();
    let zipped = encoder.finish().unwrap();
    let data = loaded(&zipped);
    assert_eq!(
        (data.pixels, data.sha256),
        (Pixels::Bytes(GOOD_PIXELS.to_vec()), loaded(GOOD).sha256)
    );
    let cut = told(&zipped[..zipped.len() - 9]);
    assert!(cut.starts_with("a.csv: the gzip is cut off after "), "{cut}");
}

#[test]
fn the_label_is_found_by_name_or_position_and_is_the_first_otherwise() {
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
fn settings_are_read_from_their_texts() {
    assert_eq!(LabelColumn::from("auto"), LabelColumn::Auto);
    assert_eq!(LabelColumn::from("3"), LabelColumn::Given("3".to_owned()));
    let read = ["auto", "yes", "no"].map(|text| text.parse::<Header>().unwrap());
    assert_eq!(read, [Header::Auto, Header::Yes, Header::No]);
    let told = "maybe".parse::<Header>().unwrap_err().to_string();
    assert_eq!(told, "data.header = maybe: must be auto, yes or no");
}

#[test]
fn a_name_that_is_a_number_wins_over_the_position_where_there_is_a_header() {
    let text = "0,1,2,3,4\n9,1,1,1,5\n9,1,1,1,6\n9,1,1,1,5\n9,1,1,1,6\n";
    assert_eq!(labels(&load_with(text, &label_at("4")).unwrap()), ["5", "6"]);
    let without = CsvOptions { header: Header::No, ..label_at("5") };
    assert_eq!(labels(&load_with(text, &without).unwrap()), ["4", "5", "6"]);
}

#[test]
fn a_header_is_told_from_an_image() {
    let rows = "1,0,0,0,9\n1,0,0,0,9\n2,0,0,0,9\n2,0,0,0,9\n";
    assert_eq!(loaded(rows).len(), 4);
    for names in ["x,a,b,c,d", "x,0,1,2,3", "0,1,2,3,4", "label,9,9,9,9", "x,,,,"] {
        assert_eq!(loaded(format!("{names}\n{rows}")).len(), 4, "{names}");
    }
    // An image whose pixels happen to count up is an image where the user says so.
    let counting = "1,0,1,2,3\n1,0,0,0,9\n2,0,0,0,9\n2,0,0,0,9\n";
    assert_eq!(load_with(counting, &header(Header::No)).unwrap().len(), 4);
    let names = format!("1,9,9,9,9\n{rows}");
    assert_eq!(load_with(&names, &header(Header::Yes)).unwrap().len(), 4);
    assert_eq!(loaded(&names).len(), 5);
}

#[test]
fn one_bad_cell_in_the_first_row_makes_no_header() {
    assert_eq!(
        told("1,0,x,0,9\n1,0,0,0,9\n2,0,0,0,9\n2,0,0,0,9\n"),
        "a.csv, line 1, column 3: 'x' is not a number"
    );
}

#[test]
fn labels_with_gaps_or_as_text_become_classes() {
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
fn a_bad_cell_is_told_with_line_column_and_value() {
    for (cell, problem) in [
        ("", "the cell is empty; a pixel is a number"),
        (" ", "the cell is empty; a pixel is a number"),
        ("abc", "'abc' is not a number"),
        ("nan", "'nan' is not a number"),
        ("inf", "'inf' is not a number"),
        ("1e39", "'1e39' is too large"),
        (
            "\"1,234\"",
            "'1,234' may have a decimal comma or one that sets thousands apart; write it with a point, or \
             without a comma",
        ),
        (
            "256",
            "'256' is out of 0..255, as are values of 1 image while all others are within; mend them, or \
             say what all values are divided by with --scale, as 65535",
        ),
        (
            "-1",
            "'-1' is out of the ranges that are known, values go from -1 to 255; say what they are \
             divided by with --scale (1 leaves them as they are)",
        ),
        (
            "\"6",
            "has a quote that opens a cell and is never closed, so that the rest of the file is in \
             that cell; close it, or take it out",
        ),
    ] {
        let place = if cell == "\"6" { "a.csv, line 3" } else { "a.csv, line 3, column b" };
        assert_eq!(told(good_but(&format!("7,5,{cell},7,8"))), format!("{place}: {problem}"));
    }
    assert_eq!(told(good_but(",5,6,7,8")), "a.csv, line 3, column label: the label is missing");
    assert_eq!(
        told(good_but("\"x\ny\",5,6,7,8")),
        "a.csv, line 3, column label: 'x\\ny' is a label with a control character or line end in it"
    );
}

#[test]
fn lines_are_those_of_the_file_whatever_ends_them() {
    let bad = good_but("\n\n7,5,x,7,8");
    let place = "a.csv, line 5, column b: 'x' is not a number";
    assert_eq!(told(&bad), place);
    assert_eq!(told(bad.replace('\n', "\r\n")), place);
    assert_eq!(told(bad.replace('\n', "\r")), place);
    assert_eq!(told(format!("\u{feff}{bad}")), place);
    assert_eq!(told(format!("\n\n{bad}")), "a.csv, line 7, column b: 'x' is not a number");
}

#[test]
fn columns_without_a_name_are_told_by_number() {
    let rows = "1,0,0,0,9\n1,0,0,0,9\n2,0,0,0,9\n2,0,0,999,9\n";
    let problem = "'999' is out of 0..255, as are values of 1 image";
    assert!(told(rows).starts_with(&format!("a.csv, line 4, column 4: {problem}")));
    let named = told(format!("label,a,b,,d\n{rows}"));
    assert!(named.starts_with(&format!("a.csv, line 5, column 4: {problem}")), "{named}");
}

#[test]
fn a_ragged_row_is_told_with_its_length() {
    let at = "a.csv, line 3: the row has";
    assert_eq!(told(good_but("7,5,6,7")), format!("{at} 4 cells, the header has 5"));
    assert_eq!(told(good_but("7,5,6,7,8,9")), format!("{at} 6 cells, the header has 5"));
    assert_eq!(told(good_but("7,5,6,7,8,")), format!("{at} 6 cells, the header has 5"));
    assert_eq!(told(good_but("7")), format!("{at} 1 cell, the header has 5"));
    assert_eq!(told(good_but("7,5\r,6,7,8")), format!("{at} 2 cells, the header has 5"));
    let last = "a.csv, line 5: the row has";
    assert_eq!(told(format!("{},", GOOD.trim_end())), format!("{last} 6 cells, the header has 5"));
    assert_eq!(told(&GOOD[..GOOD.len() - 5]), format!("{last} 4 cells, the header has 5"));
    assert_eq!(
        told("1,0,0,0,9\n1,0,0,0\n2,0,0,0,9\n"),
        "a.csv, line 2: the row has 4 cells, the first row has 5"
    );
}

#[test]
fn pixels_that_make_no_square_are_told() {
    assert_eq!(
        told("label,a,b,c\n1,2,3,4\n"),
        "a.csv, line 1: has 3 pixel columns beside the label, which make no square; square images \
         near it have 1 or 4; leave out columns that are no pixels with --drop"
    );
}

#[test]
fn a_file_without_images_is_told() {
    let empty = "a.csv: is empty; it needs a row for each image: a label and its pixels";
    for content in ["", "\n\r\n\n", "\u{feff}", "  \n"] {
        assert_eq!(told(content), empty, "{content:?}");
    }
    let only = "a.csv: holds a header and no image; add a row for each image";
    assert_eq!(told("label,a,b,c,d\n"), only);
    assert_eq!(told("label,a,b,c,d"), only);
    assert_eq!(told("label,a,b,c,d\r\n\r\n"), only);
}

#[test]
fn a_single_column_is_told() {
    let told_of = |text: &str| told(text);
    let problem = "a.csv, line 1: has a single column; it needs a label and the pixels, separated by \
                   commas, semicolons or tabs";
    assert_eq!(told_of("label\n1\n"), problem);
    assert_eq!(told_of("label:a\n1:2\n"), problem);
}

#[test]
fn what_is_no_text_is_told() {
    let png = told(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    assert!(png.starts_with("a.csv: is a PNG image, not CSV; "), "{png}");
    let damaged = "a.csv: the zip is cut off or corrupt";
    assert!(told(b"PK\x03\x04\x14\0rest").starts_with(damaged));
    // Mostly UTF-8: damaged rather than in another encoding.
    let header = [b"na\xefve,".as_slice(), "ä,ö,ü\n1,2,3,4\n".as_bytes()].concat();
    assert_eq!(
        told(&header),
        "a.csv, line 1, column 1: 'na\u{fffd}ve' is not UTF-8 text; name a .csv or .csv.gz file \
         in UTF-8"
    );
    let label = [b"label,p\nna\xefve,2\n".as_slice(), "ä,1\nö,1\n".as_bytes()].concat();
    assert_eq!(
        told(&label),
        "a.csv, line 2, column label: 'na\u{fffd}ve' is not UTF-8 text; save the file as UTF-8"
    );
}

#[test]
fn a_label_column_that_is_not_there_is_told_with_the_nearest() {
    assert_eq!(
        told_with(GOOD, &label_at("lable")),
        "a.csv, line 1: 'lable' is no column of this file, so there are no labels; did you mean \
         'label'? its 5 columns are label, a, b, c, d"
    );
    assert_eq!(
        told_with(GOOD, &label_at("6")),
        "a.csv, line 1: '6' is no column of this file, so there are no labels; its 5 columns are \
         label, a, b, c, d"
    );
    assert_eq!(
        told_with("1,0,0,0,9\n", &label_at("kind")),
        "a.csv, line 1: 'kind' is no column of this file, so there are no labels; it has no \
         header: name a column by its position, 1 to 5"
    );
    assert_eq!(
        told_with(GOOD, &CsvOptions { header: Header::No, ..label_at("label") }),
        "a.csv, line 1: 'label' is no column of this file, so there are no labels; it has no \
         header: name a column by its position, 1 to 5"
    );
}

#[test]
fn the_first_of_several_faults_is_told() {
    let text = good_but("7,5,x,7,y").replace("13,", "z,");
    assert_eq!(told(text), "a.csv, line 3, column b: 'x' is not a number");
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
fn a_label_without_a_name_is_found_at_either_end_by_what_it_holds() {
    let images = bordered(40, |row, p| ((row * 37 + p * 11) % 256).to_string());
    let labelled = |at: usize, label: &dyn Fn(usize) -> String| {
        let mut rows = images.clone();
        for (place, row) in rows.iter_mut().enumerate() {
            row.insert(at, label(place));
        }
        written(&rows)
    };
    for classes in [2, 3, 10] {
        let label = |row: usize| (row * 7 % classes).to_string();
        for (at, column) in [(0, "1"), (16, "17")] {
            let data = load_with(labelled(at, &label), &CsvOptions::default());
            let data = data.unwrap();
            assert_eq!(data.classes.len(), classes);
            assert_eq!(data.reading.label.as_ref().unwrap().column, column);
            assert!(data.reading.decisions[0].contains("--label names another"));
        }
    }
    let text = |row: usize| ["cat", "dog"][row % 2].to_owned();
    assert_eq!(labels(&loaded(labelled(16, &text))), ["cat", "dog"]);
}

#[test]
fn two_columns_that_could_be_the_label_are_a_question() {
    // Noise in every column: nothing tells the first from the last.
    let noise = |row: usize, column: usize| ((row * 7919 + column * 104_729) % 5).to_string();
    let rows: Vec<Vec<String>> =
        (0..40).map(|row| (0..17).map(|c| noise(row, c)).collect()).collect();
    assert_eq!(
        told(written(&rows)),
        "a.csv, line 1: has two columns that could be the label, 1 and 17; say which it is: --label 1 or \
         --label 17"
    );
    let named = "p1,p2,p3,p4,kind,class\n".to_owned() + &"1,2,3,4,a,b\n5,6,7,8,a,c\n".repeat(4);
    assert!(told(&named).contains("could be the label, kind and class; say which"));
    // Two names for the same classes are no question.
    let alike =
        "p1,p2,p3,p4,label,class_name\n".to_owned() + &"1,2,3,4,0,cat\n5,6,7,8,1,dog\n".repeat(4);
    let data = loaded(&alike);
    assert_eq!(labels(&data), ["0", "1"]);
    assert_eq!(data.reading.left_out[0].column, "class_name");
}

#[test]
fn what_pandas_reads_as_missing_is_no_label() {
    for marker in ["nan", "NaN", "NA", "N/A", "null", "None", "<NA>", "#N/A"] {
        assert_eq!(
            told(good_but(&format!("{marker},5,6,7,8"))),
            format!(
                "a.csv, line 3, column label: '{marker}' stands for a missing label; fill it in or take the \
                 row out; a class of that name needs another one"
            )
        );
    }
}

#[test]
fn a_number_is_one_class_however_it_is_written() {
    let data = loaded("label,p\n0,1\n0.0,2\n-0,3\n+6.0,4\n06,5\n6e0,6\n");
    assert_eq!(labels(&data), ["0", "6"]);
    assert_eq!(data.labels, [0, 0, 0, 1, 1, 1]);
    assert_eq!(data.reading.remarks, ["labels: 0.0 and 0 are one class (and 3 more such)"]);
    let alone = loaded("label,p\n-1.0,91\n-1.0,92\n1.0,93\n1.0,94\n");
    assert_eq!((labels(&alone), alone.reading.lines().count()), (vec!["-1", "1"], 0));
}

#[test]
fn the_range_decides_the_scale_unless_it_is_given() {
    let of = |largest: &str, scale: Scale| {
        let text = format!(
            "label,a,b,c,d\nx,0,0,0,{largest}\nx,0,0,0,{largest}\ny,0,0,0,0\ny,0,0,0,{largest}\n"
        );
        load_with(text, &CsvOptions { scale, ..CsvOptions::default() })
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
fn images_of_other_values_than_bytes_are_shown_in_grey() {
    let data = loaded("label,a,b,c,d\nx,0,0.5,1,0\nx,0,0.5,1,0\ny,1,1,1,1\ny,0,0,0,0\n");
    assert_eq!(data.image(0), [0, 128, 255, 0]);
    let signed = "label,a,b,c,d\nx,-1,0,1,0\nx,-1,0,1,0\ny,1,1,1,1\ny,0,0,0,0\n";
    let data =
        load_with(signed, &CsvOptions { scale: Scale::By(1.0), ..CsvOptions::default() }).unwrap();
    assert_eq!(data.image(0), [0, 128, 255, 128]);
}

#[test]
fn a_header_in_another_order_further_down_is_refused() {
    let names = "label,p1,p2,p3,p4\n";
    let rows = "1,10,20,30,40\n2,50,60,70,80\n".repeat(2);
    let other = format!("{names}{rows}p1,label,p2,p3,p4\n10,1,20,30,40\n");
    assert_eq!(
        told(&other),
        "a.csv, line 6: is a header with the columns in another order, and so are the rows behind it; put \
         all rows under one header, or make two files of it"
    );
}

#[test]
fn an_image_that_pandas_took_for_a_header_is_left_out() {
    let text = "0,0.1,0.2,0.3,0.4,0.5,0.6,7,0.7,0.8\n".to_owned()
        + &"3,0,0,9,0,0,200,7,0,0\n5,0,0,1,0,0,90,7,0,0\n".repeat(3);
    let data = loaded(&text);
    assert_eq!((data.len(), data.side, labels(&data)), (6, 3, vec!["3", "5"]));
    assert!(data.reading.remarks[0].contains("an image that pandas took for names"));
}
