//! Images from a CSV file: a label and the pixels of a square image in each row.
//!
//! `read` determines the role of each column (`layout`, `columns`) and reads the rows in one of two
//! passes that accept the same files: a fast one with polars for valid files, and an exact one
//! that takes over if the fast one is not certain, and either reads the file or reports the first
//! fault with line, column and value.

#[cfg(test)]
mod agreement;
mod cells;
mod colour;
mod columns;
mod detect;
mod dialect;
mod exact;
mod fast;
mod glimpse;
mod header;
mod layout;
mod lines;
mod names;
mod numbers;
#[cfg(test)]
mod odd_files;
mod plain;
mod rows;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod tests;
mod values;

pub(super) use self::colour::to_images;
pub(super) use self::names::{is_label as is_label_name, is_split as is_split_name};

use self::detect::{layout_of, text_of};
use self::layout::Layout;
use self::rows::Rows;
use self::values::report_odd_values;
use super::kind::{Content, Found, Kind, Recognises, Report};
use super::stack::refuse_other_size;
use crate::data::labels::{Merged, merged, shortest_number};
use crate::data::{ImageColumns, RawImages, ReadOptions};
use crate::error::{Fault, Result};
use crate::files::sha256_hex;

/// Tables of images.
pub(super) const KIND: Kind =
    Kind { name: "a CSV of images", recognises: Recognises::Text(|_| true), read };

/// Reads a table of images.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) for a problem of the whole table: it is empty; the
/// label column is missing or ambiguous; the pixel columns do not form a square, or are not those of
/// the training file. Rows with too few or too many cells, missing labels and pixels, and values
/// without a scale go to `report`.
fn read(content: &Content, options: &ReadOptions, report: Report) -> Result<Found> {
    let (opened, layout) = layout_of(content.path, text_of(content.text()), options)?;
    refuse_other_size(content.path, layout.shape, &options.pictures)?;
    let text = &*opened.text;
    let (quick, sha256) = std::thread::scope(|scope| {
        let hash = scope.spawn(|| sha256_hex(&content.bytes));
        let quick = fast::read(text, &layout);
        (quick, hash.join().expect("hashing does not panic"))
    });
    let (mut found, rows, skipped) = match quick {
        Some(found) => {
            let rows = found.rows.len();
            (found, rows, Vec::new())
        }
        None => {
            let scan = exact::read(content.path, text, &layout, report);
            (scan.good, scan.rows, scan.remarks)
        }
    };
    if rows == 0 {
        let fault = Fault::new(content.path, "has no images");
        return Err(fault.remedy("add a row for each image").into());
    }
    let merged_labels = merge_labels(&mut found, &layout);
    let is_scaled = report_odd_values(content.path, text, &layout, &found, options, report);
    let mut reading = layout.reading.clone();
    reading.differs = differs(&layout, &merged_labels);
    reading.remarks.extend(skipped);
    reading.remarks.extend(merged_labels);
    let (shape, header) = (layout.shape, layout.names.is_some());
    let distinct = layout.is_labelled().then_some(found.distinct);
    let (pixels, shape) =
        to_images(found.pixels, layout.channels, shape, options.pictures.channels);
    if shape.channels > 1 {
        // Before there were colours, they were converted to grey.
        reading.differs = Some(format!("{} in colour", reading.differs.unwrap_or_default()));
    }
    let images = RawImages { pixels, shape, distinct, rows: found.rows, parts: None, reading };
    Ok(Found { images, sha256, rows, header, is_scaled, are_pictures: false })
}

/// Merges labels that are the same number, with a note which.
fn merge_labels(found: &mut Rows, layout: &Layout) -> Option<String> {
    let mut distinct = std::mem::take(&mut found.distinct);
    let with_point = |label: &String| label.replacen(',', ".", 1);
    let has_comma = distinct.iter().any(|label| label.contains(','));
    let is_number = |label: &String| shortest_number(&with_point(label)).is_some();
    if layout.separator != b',' && has_comma && distinct.iter().all(is_number) {
        distinct = distinct.iter().map(with_point).collect();
    }
    let Merged { distinct, rows, respelled } = merged(distinct, std::mem::take(&mut found.rows));
    (found.distinct, found.rows) = (distinct, rows);
    let (label, same) = respelled.first()?;
    let more = match respelled.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more such)"),
    };
    Some(format!("labels: {label} and {same} are one class{more}"))
}

/// How this file is interpreted, if the first version interpreted it differently; `None` if not.
///
/// The text identifies the images of a run, so the reasons in it (`why`) must never be reworded.
fn differs(layout: &Layout, merged_labels: &Option<String>) -> Option<String> {
    let named = layout.names.iter().flatten().position(|name| name == "label");
    let known = Some(named.unwrap_or(0));
    let is_known = layout.is_plain() && layout.label_column() == known && merged_labels.is_none();
    let reading = &layout.reading;
    // With a header, names decide; this keeps the identity of existing runs.
    let label_at = reading.columns.label_at.filter(|_| layout.names.is_none());
    let columns = ImageColumns { label_at, ..reading.columns.clone() };
    let parts = (&reading.label, &reading.left_out, columns, merged_labels);
    (!is_known).then(|| serde_json::to_string(&parts).expect("plain data serialises to JSON"))
}
