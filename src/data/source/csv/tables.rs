//! A table written by pandas, polars, NumPy and spreadsheets is read as the same images
//! (`tests/reference/tables.py`).

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::data::{
    ChannelChoice, Dataset, ImageShape, PictureOptions, Pixels, ReadOptions, luma_byte, open,
};

/// The expected content of a file.
#[derive(Deserialize)]
struct Expected {
    side: usize,
    scale: f32,
    labels: Vec<String>,
    pixels: Vec<Vec<f32>>,
}

fn expected() -> BTreeMap<String, Expected> {
    #[derive(Deserialize)]
    struct Reference {
        files: BTreeMap<String, Expected>,
    }
    let text = include_str!("../../../../tests/reference/tables.json");
    serde_json::from_str::<Reference>(text).unwrap().files
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases")).join(name)
}

fn read(name: &str, options: &ReadOptions) -> Dataset {
    open(&path(name), options).unwrap_or_else(|error| panic!("{error}"))
}

/// In grey, as the reference values are.
fn grey() -> ReadOptions {
    let pictures = PictureOptions { channels: ChannelChoice::Grey, ..PictureOptions::default() };
    ReadOptions { pictures, ..ReadOptions::default() }
}

fn values(data: &Dataset) -> Vec<f32> {
    match &data.pixels {
        Pixels::Bytes(values) => values.iter().map(|&value| f32::from(value)).collect(),
        Pixels::Floats(values) => values.clone(),
    }
}

fn labels(data: &Dataset) -> Vec<&str> {
    data.labels.iter().map(|&label| data.classes[label as usize].label.as_str()).collect()
}

#[test]
fn a_table_is_read_as_the_same_images_whatever_program_wrote_it() {
    let expected = expected();
    assert!(expected.len() > 30);
    for (name, wanted) in expected {
        let found = read(&name, &grey());
        assert_eq!(
            (found.shape, found.scale),
            (ImageShape::square(wanted.side), wanted.scale),
            "{name}"
        );
        assert_eq!(labels(&found), wanted.labels, "{name}");
        assert_eq!(values(&found), wanted.pixels.concat(), "{name}");
    }
}

#[test]
fn colours_stay_colours_unless_grey_is_chosen() {
    let colour = read("rgb_pixels.csv", &ReadOptions::default());
    let grey = read("rgb_pixels.csv", &grey());
    assert_eq!(colour.shape, ImageShape { channels: 3, ..grey.shape });
    let size = grey.shape.pixels();
    let of = |pixel: usize| [0, 1, 2].map(|channel| colour.image(0)[channel * size + pixel]);
    let converted: Vec<u8> = (0..size).map(|pixel| luma_byte(of(pixel))).collect();
    assert_eq!(grey.image(0), converted);
    assert_ne!(colour.identity(), grey.identity());
    assert_eq!(colour.sha256, grey.sha256);
}

#[test]
fn whole_numbers_up_to_255_are_stored_as_bytes() {
    for (name, wanted) in expected() {
        let is_byte = |value: &f32| value.fract() == 0.0 && *value <= 255.0;
        let are_bytes = wanted.pixels.iter().flatten().all(is_byte);
        let found = read(&name, &grey());
        assert_eq!(matches!(found.pixels, Pixels::Bytes(_)), are_bytes, "{name}");
    }
}

#[test]
fn files_in_other_notations_are_read_like_the_training_file() {
    let trained = read("pandas.csv", &ReadOptions::default());
    let like = ReadOptions { like: Some(trained.trained_on()), ..ReadOptions::default() };
    for name in [
        "pandas_sorted.csv",
        "pandas_floats.csv",
        "pandas_extra_columns.csv",
        "pandas_class_last.csv",
        "polars_quoted.csv",
        "excel_english.csv",
        "pandas_headless.csv",
        "r_row_names.csv",
    ] {
        let test = read(name, &like);
        assert_eq!((&test.pixels, test.scale), (&trained.pixels, trained.scale), "{name}");
        let test = test.with_classes(&trained.classes).unwrap();
        assert_eq!(test.labels, trained.labels, "{name}");
    }
}

#[test]
fn decisions_are_noted_and_a_plain_file_needs_no_note() {
    let remarks = |name: &str| {
        read(name, &ReadOptions::default()).reading.lines().collect::<Vec<_>>().join("\n")
    };
    for plain in
        ["pandas.csv", "polars.csv", "polars_mark.csv", "pandas_floats.csv", "polars_quoted.csv"]
    {
        assert_eq!(remarks(plain), "", "{plain}");
    }
    for (name, remark) in [
        ("pandas_class_last.csv", "label: column Class, by its name; choose another with --label"),
        ("pandas_index.csv", "ignored columns: 1 (counts or names the rows)"),
        ("pandas_sorted.csv", "pixel columns: sorted by their numbers"),
        ("pandas_shares.csv", "pixels: numbers from 0 to 1, divided by 1; change it with --scale"),
        ("pandas_decimal_commas.csv", "cells: separated by semicolons, decimal commas"),
        ("pandas_concatenated.csv", "skipped 1 repeated header, line 8"),
        ("calc_units.csv", "skipped a second header without numbers, line 2"),
        ("excel_german.csv", "skipped 2 rows of nothing but separators, from line 15 on"),
        ("numpy_header.csv", "the header is the comment before the first row"),
        ("numpy_comment.csv", "comments: ignored 1 line at the top"),
        ("rgb_pixels.csv", "colours: red, green and blue interleaved by pixel; --channels grey"),
        ("pandas_dummies.csv", "label: columns label_4 to label_6, one 1 in each row"),
    ] {
        let all = remarks(name);
        assert!(all.contains(remark), "{name}: {all}");
    }
    let extra = remarks("pandas_extra_columns.csv");
    for column in [
        "image_id (counts or names the rows)",
        "Usage (says which set a row is of)",
        "empty (empty)",
    ] {
        assert!(extra.contains(column), "{extra}");
    }
}
