//! What the loader accepts, and the error messages for everything else.

mod faults;
mod headers;
mod images;
mod labels;

use std::fs;
use std::path::PathBuf;

use crate::data::{Dataset, LabelColumn, ReadOptions, open};
use crate::error::Result;

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

fn label_at(column: &str) -> ReadOptions {
    ReadOptions { label: LabelColumn::Given(column.to_owned()), ..ReadOptions::default() }
}

/// Two classes of two images of 2×2 pixels, under a header.
const GOOD: &str = "label,a,b,c,d\n3,1,2,3,4\n7,5,6,7,8\n3,9,10,11,12\n7,13,14,15,255\n";
const GOOD_PIXELS: [u8; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255];

/// `GOOD` with its third line replaced.
fn good_but(line: &str) -> String {
    GOOD.replace("7,5,6,7,8", line)
}
