//! The error messages for cells, rows and whole files that are not images.

use super::{GOOD, good_but, message_for};

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
fn the_first_of_several_faults_is_reported() {
    let text = good_but("7,5,x,7,y").replace("13,", "z,");
    assert_eq!(message_for(text), "a.csv, line 3, column b: 'x' is not a number");
}
