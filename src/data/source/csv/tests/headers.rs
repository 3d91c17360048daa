//! Headers, and first rows that are not one.

use super::{label_at, labels, load_with, loaded, message_for};
use crate::data::{Header, ImageShape, ReadOptions};

fn header(header: Header) -> ReadOptions {
    ReadOptions { header, ..ReadOptions::default() }
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
